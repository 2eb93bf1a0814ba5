"""`crm import` and `crm load-data` as a person types them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from entrypoints.cli import app
from tests.support.repository import ROOT

MAP = 'kind = "products"\nsystem = "t"\n[fields]\nexternal_id = "name"\nname = "name"\nlist_price = "price"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a mapping in it; the first command makes the database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "products.toml").write_text(MAP)
    return tmp_path


def crm(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output if done.exit_code else done.stdout


def test_a_file_is_imported_and_told_in_a_line(folder: Path) -> None:
    (folder / "p.csv").write_text("name,price\nSaw,10\nMower,20\n")
    code, told = crm("import", "p.csv", "--as", "products", "--map", "products.toml")
    assert (code, told) == (0, "p.csv: 2 rows, 2 products created, 0 changed, 0 as they were\n")
    code, told = crm("import", "p.csv", "--as", "products", "--map", "products.toml")
    assert "0 products created, 0 changed, 2 as they were" in told


def test_a_faulty_file_ends_in_1_and_names_the_place_and_the_file_of_errors(folder: Path) -> None:
    (folder / "p.csv").write_text("name,price\nSaw,-10\n")
    code, told = crm("import", "p.csv", "--map", "products.toml")
    assert code == 1
    assert "row 2, column 'price': '-10' this is negative" in told
    assert str(folder / "data" / "imports" / "p-errors.csv") in told.replace("\n", "")


def test_a_plan_takes_its_files_from_a_folder(folder: Path) -> None:
    (folder / "plan.toml").write_text('[[files]]\nfile = "p.csv"\nmap = "products.toml"\n')
    (folder / "in").mkdir()
    (folder / "in" / "p.csv").write_text("name,price\nSaw,10\n")
    code, told = crm("import", "--plan", "plan.toml", "in", "--dry-run")
    assert (code, told) == (0, "p.csv: 1 row, nothing written (dry run)\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("p.csv",),
        ("p.csv", "--map", "missing.toml"),
        ("p.csv", "--as", "accounts", "--map", "products.toml"),
        (".", "--map", "products.toml"),
        ("missing.csv", "--map", "products.toml"),
    ],
)
def test_a_command_that_makes_no_sense_ends_in_2(folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "p.csv").write_text("name,price\n")
    assert crm("import", *arguments)[0] == 2


def test_a_missing_file_of_a_plan_is_named(folder: Path) -> None:
    (folder / "plan.toml").write_text('[[files]]\nfile = "gone.csv"\nmap = "products.toml"\n')
    code, told = crm("import", "--plan", "plan.toml", ".")
    assert code == 2
    assert "gone.csv" in told


def test_the_small_data_set_loads_once(folder: Path) -> None:
    code, told = crm("load-data", "--file", str(ROOT / "examples" / "demo.json"))
    assert (code, told) == (0, "8 tags, 2 pipelines, 5 accounts, 5 contacts, 5 leads, 4 opportunities\n")
    assert crm("load-data") == (0, "Nothing new.\n")


def test_the_demo_company_comes_and_goes(folder: Path) -> None:
    assert crm("demo", "--remove") == (0, "There is no demo company here.\n")
    assert crm("demo", "--at", "2026-11-21")[0] == 0
    assert crm("demo")[0] == 1
    code, told = crm("demo", "--remove")
    assert code == 0
    assert "demo records removed" in told
