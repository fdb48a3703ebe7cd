"""Whether a picture's lower part never arrived: decoders fill it with one grey and call it good."""

from edge_agent.sources.camera.frame import Image

FILL, NEAR = 128, 2  # what libjpeg and FFMPEG fill with, and how exactly
STRIP = 12  # the lowest twelfth tells


def is_torn(image: Image) -> bool:
    """Return whether the lowest rows of ``image`` (BGR) are all the one grey that decoders fill with."""
    strip = image[-max(1, image.shape[0] // STRIP) :]
    if abs(int(strip[-1, -1, 0]) - FILL) > NEAR:  # nearly always: no need to look further
        return False
    return int(strip.min()) >= FILL - NEAR and int(strip.max()) <= FILL + NEAR and int(strip.max() - strip.min()) == 0
