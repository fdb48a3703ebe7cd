"""A profile of manholes, and a rule of keys over them."""

MANHOLE = """
kind = "manhole"
title = "Manhole cover"

[liveness]
silent_after = "15m"

[modbus.blocks.state]
table = "input_register"
address = 0
count = 4

[modbus.blocks.bits]
table = "discrete_input"
address = 0
count = 8

[values.tilt_deg]
type = "float"
description = "tilt against the street"
range = [0, 180]
modbus = { block = "state", at = 0, scale = 0.1 }

[values.open]
type = "bool"
description = "the cover is off"
modbus = { block = "bits", at = 7 }

[events."manhole.opened"]
severity = "major"
description = "somebody took it off"

[events."manhole.closed"]
severity = "info"
description = "it is back"

[[alarms]]
rule = "manhole.tilted"
severity = "major"
title = "Manhole cover tilted"
when = "tilt_deg >= 10"
for = "20s"
clear_when = "tilt_deg < 8"
clear = "3s"

[[alarms]]
rule = "manhole.open"
severity = "critical"
title = "Manhole open"
on = "manhole.opened"
until = ["manhole.closed"]
"""


ASSET_RULE = """
[[alarms]]
rule = "road.sinking"
severity = "life"
title = "Road sinks"
subject = "asset"
need = 2
within = "10s"
clear = "5s"

[alarms.keys]
cover = { kind = "manhole", when = "tilt_deg >= 10" }
opened = { on = "manhole.opened" }
"""
