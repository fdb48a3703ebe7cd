"""What a camera asks of who wants its pictures: a name and a password, Basic or Digest (RFC 7617, RFC 2617)."""

import re
import secrets
from base64 import b64decode
from binascii import Error
from hashlib import md5
from typing import Literal

import msgspec

REALM = "camera"


class Login(msgspec.Struct, frozen=True):
    """Whom a camera lets in, and how it asks."""

    username: str
    password: str
    way: Literal["basic", "digest"] = "digest"

    def challenge(self, nonce: str) -> str:
        """Return what the camera answers to who has said nothing yet."""
        if self.way == "basic":
            return f'Basic realm="{REALM}"'
        return f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5'

    def admits(self, authorization: str, *, method: str, nonce: str) -> bool:
        """Return whether a request's header is right."""
        way, _, rest = authorization.partition(" ")
        if way.lower() != self.way:
            return False
        if self.way == "basic":
            return secrets.compare_digest(_decoded(rest), f"{self.username}:{self.password}".encode())
        words = dict(re.findall(r'(\w+)="?([^",]*)"?', rest))
        secret = _md5(f"{self.username}:{REALM}:{self.password}")
        asked = _md5(f"{method}:{words.get('uri', '')}")
        expected = _md5(f"{secret}:{nonce}:{asked}")
        return words.get("nonce") == nonce and secrets.compare_digest(words.get("response", ""), expected)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except Error:
        return b""


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()
