"""The rule texts in force stand in the journal before anything is judged by them."""

from pathlib import Path

import msgspec

from device_profiles.profile import load_profiles
from hub.journal.journal import Journal
from hub.journal.texts import write_texts


def test_texts_are_written_when_they_change(tmp_path: Path) -> None:
    """The same texts are not written twice, changed ones are."""
    journal = Journal.open(tmp_path / "journal.db", reserve_bytes=0)
    profiles = load_profiles()
    first = write_texts(journal, profiles, now_us=1)
    assert first is not None
    body = msgspec.json.decode(first.body)
    assert body["profiles"] == {kind: {"digest": p.digest, "text": p.text} for kind, p in profiles.items()}
    assert write_texts(journal, profiles, now_us=2) is None
    changed = {kind: msgspec.structs.replace(p, text=p.text + "\n# changed") for kind, p in profiles.items()}
    assert write_texts(journal, changed, now_us=3) is not None
    assert write_texts(journal, profiles, now_us=4) is not None
    journal.close()
