"""Files made from the code say what the code says."""

import pytest

from crm_api.settings import Settings
from tests.support.repository import ROOT
from tools import generate


@pytest.mark.parametrize("name", generate.GENERATED)
def test_a_generated_file_is_what_the_code_says_now(name: str) -> None:
    assert (ROOT / name).read_text() == generate.GENERATED[name](), "run `make generate`"


def test_the_example_of_settings_changes_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    defaults = Settings(_env_file=None)  # type: ignore[call-arg]
    lines = [
        line[1:].split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line
    ]
    written = {name: value for name, value in lines if name.isupper() and value}
    for name, value in written.items():
        monkeypatch.setenv(name, value)

    assert len(written) > 10
    assert Settings(_env_file=None) == defaults  # type: ignore[call-arg]


def test_every_setting_says_what_it_is_for() -> None:
    assert not [name for name, field in Settings.model_fields.items() if not field.description]
