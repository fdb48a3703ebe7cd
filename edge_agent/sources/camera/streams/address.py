"""Where a camera's pictures come from: a stream, a file or a folder; and what logs may say of it."""

from enum import StrEnum
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from device_profiles.config import check_host


class Way(StrEnum):
    """How pictures are fetched."""

    RTSP = "rtsp"
    MJPEG = "mjpeg"
    VIDEO = "video"
    STILLS = "stills"


_SCHEMES = {"rtsp": Way.RTSP, "rtsps": Way.RTSP, "http": Way.MJPEG, "https": Way.MJPEG}


def way_of(url: str) -> Way:
    """Return how ``url`` is fetched; a path is a folder of stills if it is a folder now. Raises ValueError."""
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    if not scheme:
        return Way.STILLS if Path(url).is_dir() else Way.VIDEO
    if scheme not in _SCHEMES:
        raise ValueError(f"{scheme}:// is no way to a camera; known: {', '.join(sorted(_SCHEMES))}, a file, a folder")
    parts = urlsplit(url)
    if not parts.hostname or parts.port == 0:  # .port raises ValueError itself
        raise ValueError("the address has no host")
    check_host(parts.hostname)
    return _SCHEMES[scheme]


def without_secret(url: str) -> str:
    """Return ``url`` as logs may show it."""
    if "://" not in url or "@" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc="…@" + parts.netloc.rpartition("@")[2]))


def with_secret(url: str, *, username: str, password: str) -> str:
    """Return ``url`` with name and password; an address that has them already keeps its own."""
    if not username or "://" not in url or "@" in urlsplit(url).netloc:
        return url
    parts = urlsplit(url)
    secret = quote(username, safe="") + (f":{quote(password, safe='')}" if password else "")
    return urlunsplit(parts._replace(netloc=f"{secret}@{parts.netloc}"))
