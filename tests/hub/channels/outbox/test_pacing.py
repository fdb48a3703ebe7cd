"""What goes next: one by one when it is quiet, in lists when it is not, and never a later change before an earlier."""

from hypothesis import given
from hypothesis import strategies as st

from hub.channels.notice import NoticeKind
from hub.channels.outbox.pacing import Choice, Pacing, Pending, Waiting
from hub.channels.receivers import WebhookReceiver
from hub.channels.routes import Lane

S = 1_000_000
HOOK = WebhookReceiver(name="hook", url="http://127.0.0.1:1/", burst=3, window="10s", longest=1_000)


def waiting(number: int, *, rank: int = 1, alarm: str = "", urgent: bool = True, due_us: int = 0) -> Waiting:
    """Return a queued change."""
    return Waiting((number, 0), alarm or f"alarm-{number}", rank, urgent, 0, due_us)


class Lead:
    """A receiver that takes whatever is chosen."""

    def __init__(self, lane: Lane = Lane.OTHER) -> None:
        self.pacing = Pacing(HOOK, lane)
        self.queue: list[Waiting] = []
        self.told: list[Choice] = []

    def run(self, now_us: int, *, anew: bool = False) -> Choice:
        """Take what is chosen until nothing goes; return the last choice."""
        while True:
            first = self.queue[: HOOK.longest]
            choice = self.pacing.choose(first, (), now_us=now_us, anew=anew)
            if not choice.places:
                return choice
            self.pacing.sent(choice, first, now_us=now_us)
            self.told.append(choice)
            self.queue = [each for each in self.queue if each.place not in choice.places]


def test_a_quiet_time_is_told_one_by_one() -> None:
    """Up to the burst at once; the next waits for the window's end, and is still told alone."""
    lead = Lead()
    lead.queue = [waiting(n) for n in range(3)]
    lead.run(0)
    lead.queue = [waiting(3)]
    assert lead.run(1 * S).wait_us == 9 * S
    lead.run(10 * S)
    assert [choice.kind for choice in lead.told] == [NoticeKind.ONE] * 4


def test_five_thousand_in_a_burst_are_few_notices() -> None:
    """However the burst is cut into pieces: at most 20 notices, and everything is in them."""
    for step in (20, 200, 5_000):
        lead = Lead()
        for begin in range(0, 5_000, step):
            lead.queue += [waiting(n) for n in range(begin, min(begin + step, 5_000))]
            lead.run(begin * 2_000)  # within 10 s
        for now_s in range(11, 60):
            lead.run(now_s * S)
        assert lead.queue == []
        assert sorted(place for choice in lead.told for place in choice.places) == [(n, 0) for n in range(5_000)]
        assert len(lead.told) <= 20


def test_a_higher_severity_breaks_through_a_list() -> None:
    """While minor alarms are gathered, a critical one goes at once and alone; a further minor one waits."""
    lead = Lead()
    lead.queue = [waiting(n) for n in range(50)]
    lead.run(0)
    lead.queue = [waiting(50), waiting(51, rank=3), waiting(52)]
    lead.run(1 * S)
    assert lead.told[-1].places == ((51, 0),)
    assert len(lead.queue) == 2


def test_after_an_outage_everything_is_one_list() -> None:
    """Due or not, whatever the window; a single change is told alone."""
    lead = Lead()
    lead.queue = [waiting(n, due_us=99 * S) for n in range(12)]
    lead.run(0, anew=True)
    alone = Lead()
    alone.queue = [waiting(12)]
    alone.run(0, anew=True)
    told = [(choice.kind, len(choice.places)) for choice in lead.told + alone.told]
    assert told == [(NoticeKind.AWAY, 12), (NoticeKind.ONE, 1)]


def test_life_is_told_at_once_and_alone() -> None:
    """However many, also after an outage; only what calls nobody goes as a list, and later."""
    lead = Lead(Lane.LIFE)
    quiet = [waiting(n, urgent=False, due_us=5 * S) for n in range(4)]
    lead.queue = [*quiet, *(waiting(n, rank=4) for n in range(10, 110))]
    lead.run(0)
    assert {choice.kind for choice in lead.told} == {NoticeKind.ONE}
    assert (len(lead.told), lead.queue) == (100, quiet)
    lead.run(5 * S)
    assert (lead.told[-1].kind, len(lead.told[-1].places)) == (NoticeKind.DIGEST, 4)


def test_what_may_have_arrived_goes_again_as_it_is() -> None:
    """Nothing of its alarms goes before it; what has been tried less often goes first."""
    pacing = Pacing(HOOK, Lane.OTHER)
    pending = [Pending("key", (1, 0), 1, 5 * S, frozenset({"alarm-1"}))]
    later, other = waiting(2, alarm="alarm-1"), waiting(3)
    assert pacing.choose([later], pending, now_us=0, anew=False) == Choice(wait_us=5 * S)
    assert pacing.choose([later, other], pending, now_us=5 * S, anew=False).places == ((3, 0),)
    assert pacing.choose([later], pending, now_us=5 * S, anew=False).again == "key"


def test_what_may_have_arrived_is_not_put_off_for_ever() -> None:
    """It gives way to what was never tried and fell due before it, not to a backlog that keeps growing."""
    pacing = Pacing(HOOK, Lane.LIFE)
    pending = [Pending("key", (1, 0), 3, 5 * S, frozenset({"alarm-1"}))]
    before, after = waiting(2, due_us=4 * S), waiting(3, due_us=6 * S)
    assert pacing.choose([before, after], pending, now_us=9 * S, anew=False).places == (before.place,)
    assert pacing.choose([after], pending, now_us=9 * S, anew=False).again == "key"


def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    """Neither a due time of the future nor a window that has not begun yet."""
    lead = Lead()
    lead.queue = [waiting(n) for n in range(50)]
    lead.run(1_000_000 * S)
    lead.queue = [waiting(50, due_us=1_000_000 * S)]
    lead.run(0)
    assert lead.queue == []


changes = st.lists(
    st.builds(
        lambda alarm, rank, urgent, due: (alarm, rank, urgent, due),
        st.sampled_from("abc"),
        st.integers(0, 4),
        st.booleans(),
        st.integers(0, 20),
    ),
    max_size=30,
)


@given(changes=changes, lane=st.sampled_from(Lane), limit=st.integers(1, 10))
def test_each_change_goes_once_and_those_of_an_alarm_in_order(
    changes: list[tuple[str, int, bool, int]], lane: Lane, limit: int
) -> None:
    """Whatever is queued, in the end all of it was told, and no alarm's earlier change after a later one."""
    lead = Lead(lane)
    lead.pacing.limit = limit
    lead.queue = [
        waiting(n, alarm=alarm, rank=rank, urgent=urgent, due_us=due * S)
        for n, (alarm, rank, urgent, due) in enumerate(changes)
    ]
    alarms = {each.place: each.alarm for each in lead.queue}
    for now_s in range(0, 400, 5):
        lead.run(now_s * S)
    places = [place for choice in lead.told for place in choice.places]
    assert sorted(places) == sorted(alarms)
    for alarm in "abc":
        own = [place for place in places if alarms[place] == alarm]
        assert own == sorted(own)


def test_a_list_that_fails_is_halved() -> None:
    """Down to one, and doubled again up to what the config says."""
    pacing = Pacing(HOOK, Lane.OTHER)
    queue = [waiting(n) for n in range(100)]
    sizes = []
    for _ in range(4):
        choice = pacing.choose(queue, (), now_us=0, anew=True)
        sizes.append(len(choice.places))
        pacing.halve(len(choice.places))
    assert sizes == [100, 50, 25, 12]
    for _ in range(12):
        pacing.grow()
    assert pacing.limit == HOOK.longest
