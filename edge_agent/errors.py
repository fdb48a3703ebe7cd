"""What can go wrong in the agent, one leaf for each thing that a caller can do about it."""


class AgentError(Exception):
    """Root of the agent's own errors."""


class OutboxError(AgentError):
    """The outbox file was written by another version of this program, or by another agent."""


class ThreadCrashed(AgentError):
    """A thread died; its cause is the ``__cause__``."""

    def __init__(self, thread: str) -> None:
        super().__init__(f"thread {thread!r} crashed")
        self.thread = thread
