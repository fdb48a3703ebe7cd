"""What a receiver that forgets is told again: the open alarms that it was told, as it was told of them last."""

from device_profiles.config import duration_s
from hub.channels.notice import Notice, NoticeKind
from hub.channels.outbox import outbox as rows
from hub.channels.outbox.gate import Gate
from hub.channels.receivers import AlertmanagerReceiver, AnyReceiver
from hub.channels.routes import Lane


class Resend:
    """The rounds of one receiver's lane, each in parts of at most ``longest`` alarms. Real seconds."""

    def __init__(self, gate: Gate, receiver: AnyReceiver, lane: Lane) -> None:
        self._gate = gate
        self._receiver = receiver
        self._lane = lane
        self._every_s = duration_s(receiver.resend) if isinstance(receiver, AlertmanagerReceiver) else None
        self._due_s: float | None = None
        self._after = ""  # the last alarm of the part before

    def wait_s(self, now_s: float) -> float | None:
        """Return how long nothing is to be told again; None: never."""
        if self._every_s is None:
            return None
        if self._due_s is None:
            self._due_s = now_s + self._every_s
        return max(0.0, self._due_s - now_s)

    def hurry(self, now_s: float) -> None:
        """Begin a round at once: the receiver was away and may have lost what it knew."""
        self._due_s, self._after = now_s, ""

    def part(self) -> Notice | None:
        """Return what is to be told again next; None at the end of a round."""
        name, longest = self._receiver.name, self._receiver.longest
        with self._gate.read() as connection:
            made = rows.standing_told(connection, name, self._lane, after=self._after, limit=longest)
        return Notice("", name, self._lane, NoticeKind.DIGEST, 0, tuple(made)) if made else None

    def told(self, part: Notice | None, now_s: float) -> None:
        """Go on behind a part that was taken, with None from the beginning when it is time again."""
        if part is not None and len(part.transitions) == self._receiver.longest:
            self._after = part.transitions[-1].alarm.id
        else:
            self._after, self._due_s = "", now_s + (self._every_s or 0.0)
