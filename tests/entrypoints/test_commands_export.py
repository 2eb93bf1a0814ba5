"""`crm export` as a person types it."""

import json
from pathlib import Path

import pytest

from crm_api.core.errors import Unavailable
from crm_api.exports import flows
from tests.entrypoints.test_commands_import import crm, folder

__all__ = ["folder"]


@pytest.fixture
def products(folder: Path) -> Path:
    """Two products."""
    (folder / "p.csv").write_text("name,price\nSaw,10\n=Mower,20\n")
    code, _ = crm("import", "p.csv", "--map", "products.toml")
    assert code == 0
    return folder


def test_a_kind_is_written_to_a_file_and_told_in_a_line(products: Path) -> None:
    code, told = crm(
        "export", "products", "--out", "out.csv", "--fields", "name,list_price", "--sort", "-name"
    )

    assert (code, told) == (0, "2 products in out.csv\n")
    assert [line.split(",")[1:] for line in (products / "out.csv").read_text().splitlines()] == [
        ["name", "list_price"],
        ["Saw", "10.0"],
        ["'=Mower", "20.0"],
    ]
    # and in again: nothing changes
    (products / "back.toml").write_text(
        'kind = "products"\nsystem = "t"\n[fields]\nexternal_id = "name"\nname = "name"\nlist_price = "list_price"\n'
    )
    assert "0 changed, 2 as they were" in crm("import", "out.csv", "--map", "back.toml")[1]


def test_filters_are_those_of_the_api(products: Path) -> None:
    out = products / "out.jsonl"
    crm("export", "products", "--out", str(out), "--format", "jsonl", "--where", "list_price__gte=15")

    assert [json.loads(line)["name"] for line in out.read_text().splitlines()] == ["=Mower"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("dragons",), "one of accounts, contacts"),
        (("products", "--format", "xls"), "one of csv, jsonl"),
        (("products", "--where", "wings=2"), "There is no parameter 'wings'"),
        (("products", "--where", "wings"), "name=value"),
        (("products", "--where", "page=2"), "no pages"),
    ],
)
def test_what_cannot_be_asked_for_ends_in_2_and_says_what_can(
    folder: Path, words: tuple[str, ...], said: str
) -> None:
    code, told = crm("export", *words, "--out", "out.csv")

    assert code == 2
    assert said in " ".join(told.split())
    assert not (folder / "out.csv").exists()


def test_a_file_that_is_not_whole_never_has_its_name(products: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(*_: object) -> None:
        raise Unavailable("The database is away.")

    monkeypatch.setattr(flows, "SLICE", 1)
    (products / "out.csv").write_text("yesterday's")
    plain = flows.walking.part
    monkeypatch.setattr(
        flows.walking, "part", lambda *args: plain(*args) if args[2] is None else breaks_off(*args)
    )

    code, told = crm("export", "products", "--out", "out.csv")
    assert code == 1
    assert "The database is away." in told
    assert (products / "out.csv").read_text() == "yesterday's"
