"""One act of a scenario: what happens to what, and when."""

from typing import Annotated, Literal

import msgspec

from device_profiles.config import Duration
from device_profiles.wire import Id, Name
from simulators.ground.spec import Unit
from simulators.play.acts import (
    CameraAct,
    GroundAct,
    LiftAct,
    NodeAct,
    PersonAct,
    QueueAct,
    RoadAct,
    TownAct,
    WireAct,
    WorkerAct,
)


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that happens, at a time or after another act has taken hold."""

    name: Id  # by which others refer to it
    act: LiftAct | WireAct | CameraAct | RoadAct | QueueAct | WorkerAct | GroundAct | NodeAct | PersonAct | TownAct
    lift: str = ""  # to which it happens; none for what happens to the node or in the town
    camera: Id | Literal[""] = ""  # to which it happens
    at: Duration | None = None  # after the start
    after: Id | None = None  # the act whose taking hold it waits for
    by_responder: bool = False  # in place of both: it waits for the first crew that comes to the lift
    delay: Duration = "0s"  # after that
    jitter: Duration = "0s"  # up to so much more, by the seed
    lasts: Duration = msgspec.field(name="for", default="5s")  # of acts that last
    rule: Name = "lift.entrapment"  # of the alarm that a person acts on; without a lift it is a site's
    receiver: Id | Literal[""] = ""  # that is away, or back
    metres: float = 0.0  # of a queue; of water in a well
    sensor: Id | Literal[""] = ""  # of the ground, to which it happens, or above which a report is made
    mm: float = 40.0
    deg: Annotated[float, msgspec.Meta(ge=0, le=90)] = 0.0  # 0: as much as is alarming
    unit: Unit = ""  # in which a sensor speaks
    says_unit: bool = False  # and says so
    count: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1  # of uplinks
    m2: Annotated[float, msgspec.Meta(ge=0)] = 0.0  # of what befalls a road; 0: the seed draws it
