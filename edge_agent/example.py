"""The example that ``edge-agent init`` writes."""

EXAMPLE = """# An agent's config. Paths are relative to this file. Check it with: edge-agent check agent.toml
agent = "chaoming-01"                 # its name in the street: a-z, 0-9 and '-'
area = "hz/xiacheng/chaoming"         # city/district/street
data = "agent-data"                   # folder of the outbox
profiles = []                         # folders with profiles of your own kinds of devices

[broker]
url = "mqtt://127.0.0.1:1883"         # or mqtts://
# username = "hz.xiacheng.chaoming.chaoming-01"   # `hub broker agent` makes one with its password
# password_file = "agent.password"
# ca_file = "ca.pem"
keepalive_s = 30

[outbox]                              # what no hub has receipted yet
max_bytes = "256MB"                   # above it the oldest readings go, events never
max_age = "7d"                        # older readings go
reserve_bytes = "4MB"                 # disk for events when it is full

[evidence]                            # of what cameras find on roads
max_bytes = "500MB"                   # above it the oldest goes
max_age = "7d"
# listen = "10.0.0.12:8087"           # where the hub may fetch it
# key_file = "evidence.key"           # `hub evidence key` makes one

[[lines]]
name = "rs485-1"                      # in logs
port = "/dev/ttyUSB0"                 # better /dev/serial/by-id/…; or socket://host:port, rfc2217://host:port
baud = 19200
parity = "N"                          # N, E or O
stopbits = 1                          # 1 or 2

[[lines.slaves]]                      # once for each device on the line
unit = 1                              # its Modbus address, 1 to 247
device = "lift-07"                    # unique in the street
profile = "lift_terminal"             # its kind
asset = "LIFT-07"                     # what it watches, in the city's register
"""
