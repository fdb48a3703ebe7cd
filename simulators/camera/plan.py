"""What the program of the cameras is started with, and what it is told."""

import msgspec

from simulators.camera.scene.happenings import Happening
from simulators.camera.serving.faults import Fault
from simulators.camera.spec import CameraSpec


class Task(msgspec.Struct, frozen=True):
    """One camera, where it is to be found, and the story that it sees."""

    spec: CameraSpec
    rtsp_port: int
    http_port: int


class Plan(msgspec.Struct, frozen=True):
    """What the program is started with."""

    seed: int
    duration_s: float
    control_port: int
    cameras: tuple[Task, ...]


class Word(msgspec.Struct, frozen=True):
    """What the program is told, a line of JSON each."""

    camera: str = ""
    fault: Fault | None = None  # None: the camera is well again
    begin_us: int | None = None  # the story begins at this city time
    happening: Happening | None = None  # on the road that it sees; then nothing is said of faults
