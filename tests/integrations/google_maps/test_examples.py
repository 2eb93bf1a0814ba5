"""Answers written after the examples and field descriptions of the Routes API's reference, one by one."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from pydantic import SecretStr

from crm_api.ports import Coordinates, PermanentFailure, TemporaryFailure
from integrations import http
from integrations.google_maps.routes import BASE_URL, PATH, ROUTE_PATH, GoogleRouteTimes
from tests.support.meter import Meter

HERE = Path(__file__).parent / "examples"
FAILURES = {"temporary": TemporaryFailure, "permanent": PermanentFailure}
PLACES = [Coordinates(40.0, -83 + n / 100) for n in range(3)]


def examples(name: str) -> list[Any]:
    written = json.loads((HERE / f"{name}.json").read_text())
    return [pytest.param(example, id=title) for title, example in written.items()]


async def ask(path: str, example: dict[str, Any], method: str, *args: Any) -> Any:
    with respx.mock:
        respx.post(BASE_URL + path).mock(return_value=httpx.Response(200, json=example["answer"]))
        async with http.new_client() as client:
            return await getattr(GoogleRouteTimes(SecretStr("AIzaTest"), client, Meter()), method)(*args)


@pytest.mark.parametrize("example", examples("matrix"))
async def test_a_matrix_is_read_as_its_reference_describes_it(example: dict[str, Any]) -> None:
    asked = (PATH, example, "matrix", PLACES[: example["origins"]], PLACES[: example["destinations"]])
    if "failure" in example:
        with pytest.raises(FAILURES[example["failure"]]):
            await ask(*asked)
        return
    found = await ask(*asked)
    assert (found.seconds, found.metres) == (example["seconds"], example["metres"])


@pytest.mark.parametrize("example", examples("drives"))
async def test_a_drive_is_read_as_its_reference_describes_it(example: dict[str, Any]) -> None:
    asked = (ROUTE_PATH, example, "drive", PLACES[: example["places"]])
    if "failure" in example:
        with pytest.raises(FAILURES[example["failure"]]):
            await ask(*asked)
        return
    assert [[leg.seconds, leg.metres] for leg in (await ask(*asked)).legs] == example["legs"]
