"""What life alarms name comes by itself: verified, audited, again after a failure, and never what it is not."""

import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from device_profiles.clock import Clock
from hub.alarms.transitions import Kind, Reason, Transition
from hub.channels import breaker
from hub.database import reading
from hub.doctor import Level, Patient
from hub.doctor.checks import evidence as check
from hub.errors import JournalFull
from hub.evidence import worker as module
from hub.evidence.fetched import FetchReason, read_fetches
from hub.evidence.table import WantedState, all_fetches, fetches, life_transitions, want, wants
from hub.standing import evidence_metrics
from tests.hub.channels.listening import alarm, store
from tests.hub.evidence.holding import CONTENTS, DEVICE, Holding, Hub, until
from tests.hub.made import AREA, T0_US
from tests.servers import self_signed


def results(hub: Hub) -> Counter[FetchReason]:
    """Return what the journal says came of fetches."""
    return Counter(each.fetched.result for each in read_fetches(hub.journal))


def noted(hub: Hub) -> int:
    """Return how many fetches the audit keeps."""
    with reading(hub.engine).connect() as connection:
        return len(connection.execute(fetches.select()).all())


def test_what_a_life_alarm_names_is_fetched_and_audited(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """All three are here under their digests; the journal says who fetched what, and the audit keeps it."""
    hub = make_hub()
    made = hub.raise_alarm(holding.words)
    hub.raise_alarm({"before": "0" * 64}, 2, severity="major")
    with hub.working() as worker:
        until(lambda: worker.counts() == {("here", "kept"): 3})
        until(lambda: noted(hub) == 3)
        (pieces, held) = list(evidence_metrics(worker))
        assert {sample.labels["state"]: sample.value for sample in pieces.samples}["here"] == 3
        assert held.samples[0].value == sum(map(len, CONTENTS.values()))
    for part, digest in holding.words.items():
        assert (hub.settings.evidence / digest).read_bytes() == CONTENTS[part]
    with reading(hub.engine).connect() as connection:
        found = [each.fetched for each in all_fetches(connection, hub.journal)]
    assert {(each.actor, each.alarm, each.device, each.part, each.digest) for each in found} == {
        ("hub:xiacheng", made.id, DEVICE, part, digest) for part, digest in holding.words.items()
    }
    assert check(Patient(hub.settings, Clock())).level is Level.OK
    assert hub.crashes == []


def test_a_hub_that_restarts_goes_on(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """What was wanted is fetched after the next start, once, and what is here is not asked for again."""
    hub = make_hub()
    hub.raise_alarm(holding.words)
    holding.stop()
    with hub.working() as worker:
        until(lambda: ("wanted", "unreachable") in worker.counts())
    holding.start()
    with hub.working() as worker:
        until(lambda: worker.counts() == {("here", "kept"): 3})
    with hub.working() as worker:
        worker.on_transitions([])
    assert results(hub)[FetchReason.KEPT] == 3


def test_an_agent_that_was_away_is_asked_again_where_it_is_then(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """It restarts on another port, and its next birth says so; that it was away is said once."""
    hub = make_hub()
    hub.raise_alarm(holding.words)
    holding.stop()
    with hub.working() as worker:
        until(lambda: ("wanted", "unreachable") in worker.counts())
        holding.port = 0
        holding.start()
        hub.born(holding.url)
        until(lambda: worker.counts() == {("here", "kept"): 3})
    assert results(hub)[FetchReason.UNREACHABLE] <= 3


def test_what_is_not_what_its_digest_says_is_kept_out(
    holding: Holding, make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An agent that hands out something else: refused, counted, told, given up in the end; the rest comes."""
    hub = make_hub()
    monkeypatch.setitem(breaker.BASE_S, "other", 0.02)
    monkeypatch.setattr(holding.shelf, "read", lambda _: CONTENTS["before"])
    hub.raise_alarm(holding.words)
    with hub.working() as worker:
        until(lambda: worker.counts() == {("here", "kept"): 1, ("failed", "mismatch"): 2})
    assert sorted(path.name for path in hub.settings.evidence.iterdir()) == [".lock", holding.words["before"]]
    assert results(hub)[FetchReason.MISMATCH] == 2 * module.MISMATCHES
    assert "is not what it is said to be" in caplog.text
    found = check(Patient(hub.settings, Clock()))
    assert found.level is Level.WARN
    assert "2 mismatch" in found.says


def test_what_the_agent_has_no_more_is_given_up_at_once(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """Evicted there: it will not come back."""
    hub = make_hub()
    hub.raise_alarm(holding.words | {"clip": "0" * 64, "shorter": "ring_young"})
    with hub.working() as worker:
        until(lambda: worker.counts() == {("here", "kept"): 2, ("failed", "gone"): 1})


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda hub: next((hub.settings.folder / "evidence-keys").iterdir()).write_text("x" * 64), "refused"),
        (lambda hub: next((hub.settings.folder / "evidence-keys").iterdir()).unlink(), "no_key"),
        (lambda hub: hub.born(""), "no_url"),
        (lambda hub: hub.settings.evidence.write_text("no folder"), "no_room"),
    ],
)
def test_what_cannot_be_fetched_waits_and_says_why(
    holding: Holding, make_hub: Callable[..., Hub], spoil: Callable[[Hub], object], reason: str
) -> None:
    """A wrong key, none, an agent without a server, a full folder: whoever mends it within a day loses nothing."""
    hub = make_hub()
    spoil(hub)
    hub.raise_alarm({"after": holding.words["after"]})
    with hub.working() as worker:
        until(lambda: worker.counts() == {("wanted", reason): 1})
    assert results(hub) == {FetchReason(reason): 1}


def test_what_could_not_be_fetched_for_long_is_given_up(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """With its reason."""
    hub = make_hub('give_up = "1ms"')
    holding.stop()
    hub.raise_alarm({"after": holding.words["after"]})
    with hub.working() as worker:
        until(lambda: worker.counts() == {(WantedState.FAILED.value, "unreachable"): 1})
    holding.start()


def test_a_line_that_strangers_read_may_be_closed(
    holding: Holding, make_hub: Callable[..., Hub], tmp_path: Path
) -> None:
    """With TLS the hub trusts the authority that its config names, and no other."""
    key, certificate = self_signed(tmp_path)
    holding.stop()
    holding.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    holding.tls.load_cert_chain(certificate, key)
    holding.start()
    hub = make_hub()
    hub.raise_alarm({"after": holding.words["after"]})
    with hub.working() as worker:
        until(lambda: worker.counts() == {("wanted", "unreachable"): 1})
    hub.close()
    hub = make_hub('ca_file = "ca.pem"')
    with hub.working() as worker:
        until(lambda: worker.counts() == {("here", "kept"): 1})


def test_a_full_disk_is_waited_out(
    holding: Holding, make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the journal takes nothing the hub goes on, and what cannot be written down is not settled."""
    hub, tries = make_hub(), []
    append = hub.journal.append

    def full(*_: object) -> None:
        tries.append(1)
        raise JournalFull("journal.db")

    monkeypatch.setattr(module, "PERIOD_S", 0.05)
    monkeypatch.setattr(hub.journal, "append", full)
    hub.raise_alarm(holding.words)
    with hub.working() as worker:
        until(lambda: len(tries) >= 2)
        assert worker.counts() == {("wanted", ""): 3}
        monkeypatch.setattr(hub.journal, "append", append)
        until(lambda: {state for state, _ in worker.counts()} == {"here"})
    assert sum(results(hub).values()) == 3
    assert hub.crashes == []


def test_the_doctor_misses_a_key_before_it_is_needed(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """An agent hands out evidence, and nobody gave the hub its key."""
    hub = make_hub()
    next((hub.settings.folder / "evidence-keys").iterdir()).unlink()
    found = check(Patient(hub.settings, Clock()))
    assert (found.level, found.do) == (Level.WARN, "hub evidence key AGENT")
    hub.born("")
    assert check(Patient(hub.settings, Clock())).level is Level.OK


def test_what_is_settled_is_forgotten_in_the_end(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """Rows and files of ended alarms go with their age; what an open alarm names stays."""
    hub = make_hub()
    hub.raise_alarm({"before": holding.words["before"]}, 1)
    hub.raise_alarm({"after": holding.words["after"]}, 2, t_cleared_us=T0_US)
    with hub.working() as worker:
        until(lambda: worker.counts() == {("here", "kept"): 2})
    hub.close()
    hub = make_hub('max_age = "1ms"')
    with hub.working() as worker:
        until(lambda: worker.counts() == {})
        until(lambda: holding.words["after"] not in {path.name for path in hub.settings.evidence.iterdir()})
    assert (hub.settings.evidence / holding.words["before"]).is_file()


def test_an_agent_that_says_nothing_holds_up_nobody(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """While it is waited for the hub tells of its alarms at once, and a stop does not wait."""
    hub = make_hub()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hub.born(f"http://127.0.0.1:{silent.getsockname()[1]}")
        made = hub.raise_alarm(holding.words)
        with hub.working() as worker:
            peer, _ = silent.accept()
            transition = Transition(1, 0, Kind.RAISED, Reason.KEYS_AGREE, T0_US, T0_US, made)
            worker.on_transitions([transition] * 1_000)
            assert worker.counts() == {("wanted", ""): 3}
        assert "evidence" not in {thread.name for thread in threading.enumerate()}
        peer.close()
    assert hub.crashes == []


def test_never_means_never(holding: Holding, make_hub: Callable[..., Hub]) -> None:
    """With ``fetch = "never"`` nothing is even wanted."""
    hub = make_hub('fetch = "never"')
    hub.raise_alarm(holding.words)
    with hub.working() as worker:
        until(lambda: worker._swept_s is not None)
        assert worker.counts() == {}
    assert results(hub) == {}


def test_an_agent_that_is_away_hides_nobody_elses_evidence(make_hub: Callable[..., Hub]) -> None:
    """However many pieces wait for it: of each device the least tried ones are looked at."""
    hub = make_hub()
    for number in range(200):
        words = {part: f"{number * 3 + place:064x}" for place, part in enumerate(("before", "after", "clip"), 1)}
        hub.raise_alarm(words, number + 1)
    late = alarm(999, rule="road.collapse", evidence={f"{AREA}/road-2": {"before": "f" * 64}})
    store(hub.engine, Transition(999, 0, Kind.RAISED, Reason.KEYS_AGREE, T0_US, T0_US + 999, late))
    with hub.engine.begin() as connection:
        want(connection, life_transitions(connection, (0, 0), (999, 0)), now_us=T0_US)
        found = [each.piece.device for each in wants(connection)]
    assert found.count(f"{AREA}/road-2") == 1
    assert len(found) <= 500
