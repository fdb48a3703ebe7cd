"""What can go wrong in the agent, one leaf for each thing that a caller can do about it."""


class AgentError(Exception):
    """Root of the agent's own errors."""


class OutboxError(AgentError):
    """The outbox file was written by another version of this program, or by another agent."""


class LimitError(AgentError):
    """A limit of a judge that a profile names wrongly; ``key`` says which."""

    def __init__(self, message: str, *, key: str) -> None:
        super().__init__(f"{key}: {message}")
        self.message = message
        self.key = key
