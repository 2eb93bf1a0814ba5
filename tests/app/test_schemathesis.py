"""The API does what its own description says, whatever a stranger's tool sends it."""

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crm_api.core.database import Database
from tests.support.api import serving
from tests.support.fuzzing import Postbox, Walk, walk
from tests.support.ports import offline_ports
from tests.support.sqlite import Template

DEEP_SECONDS = int(os.environ.get("DEEP_SECONDS", "300"))  # for each phase and role

# What Schemathesis asks for and we do not promise, each with its reason. Everything else it knows is asked for.
NOT_PROMISED = {
    "positive_data_acceptance": "a body of the right shape may name an owner, a stage or a product that is not there",
}
NOT_REFUSED_WHOLE = {
    "negative_data_rejection": "bulk work answers each operation by itself; a bad one is a 422 among the results",
}
NOT_WALKED = {
    "/api/v1/auth/sign-out": "ends the walk's own session; tests/users/test_sign_in.py",
}


def without(*checks: str) -> dict[str, Any]:
    """The part of a configuration that leaves these checks out."""
    return {"checks": {name: {"enabled": False} for name in checks}}


RULES: dict[str, Any] = {
    "seed": 20261121,
    "continue-on-failure": True,
    "cache": {"enabled": False},
    "suppress-health-check": ["all"],
    **without(*NOT_PROMISED),
    "operations": [
        *({"include-path": path, "enabled": False} for path in NOT_WALKED),
        {"include-path-regex": "/bulk$", **without(*NOT_PROMISED, *NOT_REFUSED_WHOLE)},
    ],
    "generation": {
        "deterministic": True,
        "database": "none",
        "with-security-parameters": False,
        "no-shrink": True,
    },
}


def phases(**examples: int) -> dict[str, Any]:
    """These phases with so many examples an operation (0: as many as there are), and no other."""
    return {
        name: {
            "enabled": name in examples,
            "generation": {"max-examples": most} if (most := examples.get(name)) else {},
        }
        for name in ("examples", "coverage", "fuzzing", "stateful")
    }


async def walked(db: Database, data_dir: Path, role: str, **config: Any) -> Walk:
    """A walk as a new user of a role, over an installation whose webhooks reach somebody."""
    ports = replace(offline_ports(data_dir), webhook_poster=Postbox())
    async with serving(db, data_dir, ports) as api:
        client = await api.client(role)
        found = await walk(api, client.headers["Authorization"], RULES | config)
    logging.getLogger(__name__).info("%s", found)  # --log-cli-level=INFO tells how far it came
    return found


@pytest.mark.slow
async def test_whatever_is_sent_the_answer_is_one_of_the_described(sqlite: Template, tmp_path: Path) -> None:
    db = Database.open(sqlite.copy_to(tmp_path / "rounds.db"))

    found = await walked(db, tmp_path, "administrator", phases=phases(fuzzing=2), **{"max-time": 25})

    await db.close()
    assert not found.failures, "\n\n".join(found.failures.values())
    assert len(found.operations) > 200


@pytest.mark.deep
@pytest.mark.parametrize("role", ["administrator", "rep"])
@pytest.mark.parametrize("phase", ["fuzzing", "stateful", "coverage"])
async def test_no_body_sequence_or_edge_is_answered_otherwise(
    db: Database, tmp_path: Path, role: str, phase: str
) -> None:
    found = await walked(db, tmp_path, role, phases=phases(**{phase: 0}), **{"max-time": DEEP_SECONDS})

    assert not found.failures, "\n\n".join(found.failures.values())
    assert found.cases > 1000
