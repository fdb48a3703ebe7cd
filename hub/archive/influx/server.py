"""One InfluxDB, reached through influxdb-client: what it takes, what it refuses, and when it is only away."""

import base64
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import urllib3
from influxdb_client import InfluxDBClient, WriteOptions
from influxdb_client.client.write_api import WriteType
from influxdb_client.rest import ApiException

from hub.errors import HubError, StoreDown

STORE = "influxdb"
_REFUSED = frozenset({400, 413, 422})  # it is about what was sent; anything else is about the server or the way to it
_TEXT = "text/plain; charset=utf-8"


class Refused(HubError):
    """The server does not want something in what was written; some of it may be in."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status}: {words}")
        self.status = status
        self.words = words


class InfluxPlace(msgspec.Struct, frozen=True):
    """Where an InfluxDB is and as whom we go there."""

    url: str
    version: Literal["1", "2"] = "1"  # 2: the v2 API of 1.8, 2.x, 3.x and VictoriaMetrics
    database: str = ""  # or the bucket
    org: str = ""
    user: str = ""
    secret: str = ""  # password or token
    ca_file: str = ""
    verify: bool = True
    timeout_s: float = 10.0


class Series(msgspec.Struct, frozen=True):
    """One series of an answer."""

    columns: list[str] = []
    values: list[list[Any]] = []
    tags: dict[str, str] = {}


class _Statement(msgspec.Struct, frozen=True):
    series: list[Series] = []
    error: str = ""


class _Answer(msgspec.Struct, frozen=True):
    results: list[_Statement] = []


class InfluxServer:
    """A client whose calls may come from several threads; each waits for its answer, none tries again."""

    def __init__(self, place: InfluxPlace, *, connections: int = 1) -> None:
        self.place = place
        timeout_ms = int(place.timeout_s * 1000)
        self._client = InfluxDBClient(
            place.url,
            token=place.secret if place.version == "2" else None,
            org=place.org or "-",
            timeout=(timeout_ms, timeout_ms),
            verify_ssl=place.verify,
            ssl_ca_cert=place.ca_file or None,
            connection_pool_maxsize=connections + 1,
        )
        self._writer = self._client.write_api(write_options=WriteOptions(write_type=WriteType.synchronous))
        self._headers = _authorization(place)

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def write(self, body: bytes) -> None:
        """Write lines, their times in microseconds. Raises Refused, StoreDown."""
        place = self.place
        with _Translated():
            if place.version == "2":
                self._writer.write(place.database, place.org or "-", body, write_precision="us")
            else:
                headers = {"Content-Type": _TEXT, **self._headers}
                params = [("db", place.database), ("precision", "u")]
                self._client.api_client.call_api(
                    "/write", "POST", query_params=params, header_params=headers, body=body
                )

    def query(self, statements: Sequence[str]) -> list[list[Series]]:
        """Return the series of each InfluxQL statement, times in microseconds. Raises Refused, StoreDown."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **self._headers}
        form = [("db", self.place.database), ("epoch", "u"), ("q", ";\n".join(statements))]
        with _Translated():
            response = self._client.api_client.call_api(
                "/query", "POST", header_params=headers, post_params=form, _preload_content=False
            )
            raw = (response[0] if isinstance(response, tuple) else response).data
        return _series(raw)

    def create_database(self) -> None:
        """Make the database when it is missing (version 1 only). Raises Refused, StoreDown."""
        if self.place.version == "1":
            self.query([f"CREATE DATABASE {identifier(self.place.database)}"])


def identifier(name: str) -> str:
    """Return a name as InfluxQL quotes it."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def literal(text: str) -> str:
    """Return a text as InfluxQL quotes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


class _Translated:
    """The client's errors in the hub's words: by type and status, never by text."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ApiException):
            words = _words(error)
            if error.status in _REFUSED:
                raise Refused(error.status, words) from error
            raise StoreDown(STORE, f"{error.status or 'no answer'}: {words}") from error
        if isinstance(error, urllib3.exceptions.HTTPError | OSError | UnicodeDecodeError):
            raise StoreDown(STORE, str(error) or type(error).__name__) from error


def _words(error: ApiException) -> str:
    body = error.body or error.reason or ""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    try:
        said = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text.strip()
    return str(said.get("error") or said.get("message") or text) if isinstance(said, dict) else text


def _series(raw: bytes) -> list[list[Series]]:
    try:
        answer = msgspec.json.decode(raw, type=_Answer)
    except msgspec.DecodeError as error:
        raise StoreDown(STORE, f"its answer is no JSON of InfluxQL: {error}") from error
    for statement in answer.results:
        if statement.error:
            raise StoreDown(STORE, statement.error)
    return [statement.series for statement in answer.results]


def _authorization(place: InfluxPlace) -> dict[str, str]:
    if place.version == "2":
        return {"Authorization": f"Token {place.secret}"} if place.secret else {}
    if not place.user:
        return {}
    pair = base64.b64encode(f"{place.user}:{place.secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}
