"""One InfluxDB through influxdb-client: who may, over TLS, and the write API of version 2."""

import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.archive.influx.rows import Row
from hub.archive.influx.server import InfluxPlace, InfluxServer, Refused
from hub.errors import StoreDown
from tests.hub.archive.influxes import point, proxy
from tests.servers import Server, influxd, self_signed, victoria_metrics


def test_name_and_password(tmp_path: Path) -> None:
    """A server that asks for them lets in who has both, and whoever has not is no bad point."""
    server = influxd(tmp_path, http="auth-enabled = true").start()
    place = InfluxPlace(server.url, database="city", user="hub", secret="open sesame")
    opened = InfluxServer(place)
    opened.query(["CREATE USER hub WITH PASSWORD 'open sesame' WITH ALL PRIVILEGES"])  # the first one needs no leave
    opened.create_database()
    opened.write(b"facts a=1 1")
    for wrong in (msgspec.structs.replace(place, secret="guess"), msgspec.structs.replace(place, user="", secret="")):
        refused = InfluxServer(wrong)
        with pytest.raises(StoreDown, match="401"):
            refused.write(b"facts a=1 1")
        with pytest.raises(StoreDown, match="401"):
            refused.query(["SELECT * FROM facts"])
        refused.close()
    opened.close()
    server.stop()


def test_over_tls(tmp_path: Path) -> None:
    """A private authority is named by ca_file; without it the server is not trusted, unless verify is false."""
    key, certificate = self_signed(tmp_path)
    tls = f'https-enabled = true\nhttps-certificate = "{certificate}"\nhttps-private-key = "{key}"'
    server = influxd(tmp_path / "influxd", http=tls).start()
    url = server.url.replace("http://", "https://")
    trusted = InfluxServer(InfluxPlace(url, database="city", ca_file=str(certificate)))
    trusted.create_database()
    trusted.write(b"facts a=1 1")
    trusted.close()
    stranger = InfluxServer(InfluxPlace(url, database="city"))
    with pytest.raises(StoreDown, match=r"(?i)certificate"):
        stranger.write(b"facts a=1 1")
    stranger.close()
    server.stop()


@pytest.mark.parametrize("status", [400, 413, 422])
def test_version_2_goes_to_org_and_bucket_with_a_token(status: int) -> None:
    """What the v2 API is told, and that its refusals are refusals."""
    seen: list[tuple[str, bytes]] = []

    def answer(path: str, body: bytes) -> tuple[int, bytes]:
        seen.append((path, body))
        return (204, b"") if len(seen) == 1 else (status, b'{"code":"invalid","message":"no such type"}')

    with proxy("http://127.0.0.1:1", answer) as url:
        server = InfluxServer(InfluxPlace(url, version="2", database="b", org="city", secret="t0ken"))
        server.write(b"facts a=1 1")
        with pytest.raises(Refused, match="no such type"):
            server.write(b"facts a=1 1")
        server.close()
    path, body = seen[0]
    assert path.startswith("/api/v2/write?")
    assert {"org=city", "bucket=b", "precision=us"} <= set(path.partition("?")[2].split("&"))
    assert body == b"facts a=1 1"


def test_victoria_metrics_takes_the_v2_writer(tmp_path: Path) -> None:
    """Our lines over the v2 API, read back by its own export."""
    vm = victoria_metrics(tmp_path).start()
    server = InfluxServer(InfluxPlace(vm.url, version="2", database="b", org="city"))
    row = Row()
    row.add(point(value=7.5, field="speed"))
    server.write(row.line().encode())
    exported = exported_lines(vm)
    server.close()
    vm.stop()
    speed = exported["facts_speed"]
    assert (speed["values"], speed["timestamps"]) == ([7.5], [1_763_600_000_000])
    assert {"area": "hz/xiacheng/chaoming", "device": "lift-07"}.items() <= speed["metric"].items()


def exported_lines(vm: Server) -> dict[str, dict[str, Any]]:
    """Return the series of an export, by name."""
    query = urllib.parse.urlencode({"match[]": '{__name__!=""}'})
    urllib.request.urlopen(f"{vm.url}/internal/force_flush").read()
    text = urllib.request.urlopen(f"{vm.url}/api/v1/export?{query}").read().decode()
    made = [msgspec.json.decode(line) for line in text.splitlines()]
    return {one["metric"]["__name__"]: one for one in made}
