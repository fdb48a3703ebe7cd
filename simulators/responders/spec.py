"""A crew that a ladder can call, as a scenario describes it."""

from typing import Annotated

import msgspec

from device_profiles.config import Duration
from device_profiles.wire import Id

Range = tuple[Duration, Duration]  # from and to; the seed draws


class ResponderSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A crew; the hub's receiver of the same name calls it, and nobody else does."""

    name: Id
    person: Annotated[str, msgspec.Meta(min_length=1)]  # by whose name it acts
    answers: Range  # from the call to the acknowledgement
    leaves: Range  # from there to the way
    drives: Range  # from leaving to being there
    called: bool  # whether the story calls it at all: both are checked
