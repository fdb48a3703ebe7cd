"""The proof against a real InfluxDB that refused something, or in which somebody wrote."""

import time
from pathlib import Path

import pytest

from hub.archive import Query
from hub.archive.glance import Glance
from hub.archive.proof import prove
from tests.hub.archive.city import City
from tests.hub.archive.influxes import server_of
from tests.hub.made import AREA, T0_US, pack, reading, record
from tests.servers import Server


def test_after_a_bisect_what_was_refused_is_subtracted(influx: Server, tmp_path: Path) -> None:
    """A database that keeps an hour refuses what is older; the rest of the batch is in, and that is proven."""
    city = City(tmp_path, influx.url)
    database = f"{tmp_path.name}-archive"
    short = f'ALTER RETENTION POLICY "autogen" ON "{database}" DURATION 1h SHARD DURATION 1h'
    server_of(influx.url, database).query([short])
    now_s = round(time.time() - T0_US / 1e6)
    facts = [reading(at_s=now_s - (100_000 if n in (0, 77, 199) else n), speed=n, load=n) for n in range(200)]
    city.receive(*(record(0, pack(fact, seq=n + 1), at_s=now_s) for n, fact in enumerate(facts)))
    city.archive()
    glance = Glance(tiers=tmp_path / "none.db", refusals=tmp_path / f"{database}.db")
    proof = prove(city.journal, city.stores.archive, glance, values=True)
    assert (proof.equal, proof.refused, proof.journal, proof.archive, proof.superseded) == (True, 2, 394, 394, 4)
    assert glance.refused_counts() == (2, 0)
    city.close()


@pytest.mark.parametrize(
    "altered",
    [
        'pack/others="rubbish"',
        'pack/others="[1]"',
        r'pack/others="{\"speed\":[\"float\",7,1,99,\"a-1\",false]}"',
        "pack/lane=99i",
        "pack/lane=-1i",
        "pack/seq=2i",
        "pack/historical=true",
        'speed/json="no JSON"',
    ],
)
def test_a_row_that_somebody_altered_is_named_and_stops_nothing(influx: Server, tmp_path: Path, altered: str) -> None:
    """It says what it can, and differs; what comes late to its instant is archived all the same."""
    city = City(tmp_path, influx.url)
    city.receive(pack(reading(speed=1.0, floor=4)), pack(reading(speed=2.0, load=1), seq=3))  # a row of two packs
    city.receive(pack(reading(at_s=1, speed=2.0), seq=4))
    city.archive()
    server, at_s = server_of(influx.url, f"{tmp_path.name}-archive"), 0 if "others" in altered else 1
    server.write(f"facts,area={AREA},device=lift-07 {altered} {T0_US + at_s * 1_000_000}".encode())
    assert not city.again().equal
    city.receive(pack(reading(at_s=at_s, door=3), seq=5))
    city.archive()
    assert any(point.field == "door" for point in city.stores.archive.read(Query()))
    server.close()
    city.close()
