"""The rule texts in force, written to the journal so that a replay judges by them and not by what was edited since."""

from collections.abc import Mapping

import msgspec

from device_profiles.profile import Profile
from hub.journal.journal import Journal, NewRecord, Record


def texts_body(profiles: Mapping[str, Profile], *, policy: str = "") -> bytes:
    """Return the body of a text record: every profile's digest and text and the policy, the same bytes for the same."""
    texts = {kind: {"digest": profile.digest, "text": profile.text} for kind, profile in sorted(profiles.items())}
    return msgspec.json.encode({"profiles": texts} | ({"policy": policy} if policy else {}))


def write_texts(journal: Journal, profiles: Mapping[str, Profile], *, now_us: int, policy: str = "") -> Record | None:
    """Write the texts when they differ from the last ones; return the record, if any. Raises JournalFull."""
    body, last = texts_body(profiles, policy=policy), journal.last_text()
    if last is not None and last.body == body:
        return None
    return journal.append([NewRecord(now_us, "text", body)], urgent=True)[0]
