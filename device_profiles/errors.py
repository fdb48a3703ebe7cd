"""The errors of the contract: what was wrong, where, and what to do about it."""


class ContractError(Exception):
    """Root of everything this package raises on purpose."""


class WireError(ContractError):
    """A message that does not follow the contract; ``path`` points at the fault, e.g. ``$.facts[0].t_us``."""

    def __init__(self, message: str, *, path: str = "$") -> None:
        super().__init__(f"{path}: {message}")
        self.message = message
        self.path = path


class TopicError(ContractError):
    """A topic, area or identifier that does not follow the contract."""


class ConfigError(ContractError):
    """A config or profile text that cannot be used; names the file, the key and what to do."""

    def __init__(self, message: str, *, file: str, key: str = "") -> None:
        super().__init__(f"{file}: {key}: {message}" if key else f"{file}: {message}")
        self.message = message
        self.file = file
        self.key = key
