"""A Mosquitto for the city: config, a password for everybody, and an ACL: an agent speaks for itself only."""

import base64
import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
from collections.abc import Iterator
from pathlib import Path

from device_profiles.errors import ConfigError
from device_profiles.topics import ROOT, AgentAddress
from device_profiles.whole import sync, write_whole
from device_profiles.wire import LANES, MAX_PACK_BYTES
from hub.errors import BrokerFolderError

HUB_USER, CENTRE_USER = "hub", "centre"
CONFIG, PASSWORDS, ACL, SECRETS = "mosquitto.conf", "passwords", "acl", "secrets"
_ITERATIONS = 101  # what mosquitto_passwd writes; our secrets are 192 random bits, nobody guesses them
_SECRET_BYTES = 24

# Queues are never trusted (receipts are), only bounded. The limit of a message is above a pack's, so that a pack which
# is too large comes into quarantine and its agent hears of it.
_TEMPLATE = """# Written by `hub broker init`. Run it with: mosquitto -c {folder}/{config}
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/{passwords}
acl_file {folder}/{acl}
pid_file {folder}/mosquitto.pid
persistence true
persistence_location {folder}/data/
autosave_interval 30
persistent_client_expiration 30d
max_inflight_messages 1000
max_queued_messages 100000
max_queued_bytes 268435456
message_size_limit {message_bytes}
set_tcp_nodelay true
user {user}
"""
_ACL_HEAD = f"""# Written by `hub broker`. Whoever is not named here may do nothing.
user {HUB_USER}
topic readwrite {ROOT}/#

user {CENTRE_USER}
topic read {ROOT}/alarm/#
topic read {ROOT}/hub/+/status
"""


def init_broker(folder: Path, *, port: int) -> Path:
    """Make ``folder`` a broker's, with users for hub and centre; return its config.

    Raises BrokerFolderError when it is one, ConfigError when it cannot be made one.
    """
    folder = folder.resolve()
    try:
        if (folder / CONFIG).exists():
            raise BrokerFolderError(f"{folder / CONFIG} is there already; remove the folder to begin anew")
        for name in ("", "data", SECRETS):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot be made a broker's folder: {error.strerror}", file=str(folder)) from error
    text = _TEMPLATE.format(
        folder=folder, port=port, config=CONFIG, passwords=PASSWORDS, acl=ACL,
        message_bytes=4 * MAX_PACK_BYTES, user=user_name(os.geteuid()),
    )  # fmt: skip
    _write(folder / ACL, _ACL_HEAD)
    _write(folder / PASSWORDS, "")
    set_password(folder, HUB_USER)
    set_password(folder, CENTRE_USER)
    _write(folder / CONFIG, text)
    return folder / CONFIG


def add_agent(folder: Path, address: AgentAddress) -> Path:
    """Let an agent in with a new password, or change the one it has; return the file of the password."""
    _check(folder)
    user = agent_user(address)
    with _alone(folder):
        acl = (folder / ACL).read_text(encoding="utf-8")
        if f"user {user}\n" not in acl:
            _write(folder / ACL, f"{acl}\n{_agent_acl(user, address)}")
    return set_password(folder, user)


def set_password(folder: Path, user: str) -> Path:
    """Give ``user`` a new random password; return the file that holds it. Mosquitto reads it at its next SIGHUP."""
    _check(folder)
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    hashed, path = hash_password(secret), folder / SECRETS / f"{user}.password"
    with _alone(folder):
        lines = (folder / PASSWORDS).read_text(encoding="utf-8").splitlines()
        lines = [line for line in lines if not line.startswith(f"{user}:")] + [f"{user}:{hashed}"]
        _write(path, secret + "\n")
        _write(folder / PASSWORDS, "\n".join(lines) + "\n")
    return path


def user_name(uid: int) -> str:
    """Return the name of a user, Mosquitto's own for one without, as in a container: it needs one as root only."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return "mosquitto"


def agent_user(address: AgentAddress) -> str:
    """Return an agent's user name; no level of its address has a dot."""
    return str(address).replace("/", ".")


def hash_password(secret: str, *, salt: bytes | None = None) -> str:
    """Return Mosquitto's ``$7$`` form: PBKDF2 with SHA-512 (mosquitto_passwd 2.0 writes the same)."""
    salt = secrets.token_bytes(12) if salt is None else salt
    digest = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _agent_acl(user: str, address: AgentAddress) -> str:
    own = f"{ROOT}/agent/{address}"
    lines = [f"topic write {own}/{lane}" for lane in LANES]
    lines += [f"topic read {own}/{word}" for word in ("receipt", "command", "config")]
    return "\n".join([f"user {user}", *lines]) + "\n"


def _check(folder: Path) -> None:
    if not (folder / ACL).is_file():
        raise BrokerFolderError(f"{folder} is no broker's folder; make it with `hub broker init {folder} --port 1883`")


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep others away meanwhile: of two agents that are let in at once neither may be forgotten."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _write(path: Path, text: str) -> None:
    """Write a file that only we may read, whole or not at all. Raises ConfigError."""
    try:
        write_whole(path, text.encode(), mode=0o600)
        sync(path.parent)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=str(path)) from error
