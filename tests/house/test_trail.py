"""No statement goes past the audit trail: DML on audited tables is written by `crm_api/audit` alone.

`audit.follow` sets what merely follows from another record. The other ways past the trail are listed here, each
with its reason; a new one fails this test.
"""

import ast
import re
from collections.abc import Iterator

from crm_api.core.database import Base
from tests.support.models import all_tables
from tests.support.repository import ROOT

VERBS = {"insert", "update", "delete", "upsert", "insert_if_absent"}
PACKAGES = ("crm_api", "scheduler", "entrypoints")
_SQL = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE)

# Who has been seen, what was used and how many deals a lead has is noted beside the record: nobody changed anything.
ALLOWED = {
    ("crm_api/core/rolling.py", "_recounted", "Lead"),
    ("crm_api/users/sessions.py", "open_session", "User"),
    ("crm_api/users/api_keys.py", "note_use", "ApiKey"),
}


def audited() -> dict[str, str]:
    """The audited models by name, with their tables."""
    all_tables()
    return {
        mapper.class_.__name__: mapper.class_.__tablename__
        for mapper in Base.registry.mappers
        if getattr(mapper.class_, "__audited__", False)
    }


def targets_of(call: ast.Call) -> list[ast.expr]:
    """What a call of a DML verb writes to: `sa.update(Lead)`, `update(Lead)`, `Lead.__table__.update()`,
    `dialect.upsert(session, Lead.__table__, …)`. `lead.update(…)` is a method of something."""
    match call.func:
        case ast.Name(id=verb) if verb in VERBS:
            return call.args[:2]
        case ast.Attribute(value=ast.Name(id="sa" | "dialect"), attr=verb) if verb in VERBS:
            return call.args[:2]
        case ast.Attribute(value=ast.Attribute(attr="__table__") as table, attr=verb) if verb in VERBS:
            return [table]
    return []


def past_the_trail(source: str, models: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The functions of a module that write an audited model's table with a statement of their own."""
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                named = {n.id for t in targets_of(node) for n in ast.walk(t) if isinstance(n, ast.Name)}
                yield from ((function.name, model) for model in models if model in named)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                tables = set(_SQL.findall(node.value))
                yield from ((function.name, model) for model, table in models.items() if table in tables)


def test_only_the_audit_room_writes_audited_tables_by_statement() -> None:
    models = audited()
    found = {
        (str(file.relative_to(ROOT)), *place)
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        if file.parts[-2] not in ("audit", "versions")
        for place in past_the_trail(file.read_text(), models)
    }

    assert found == ALLOWED


def test_this_test_finds_what_it_looks_for() -> None:
    spoiled = """
def follow_owner(session, event):
    session.execute(sa.update(Lead).where(Lead.owner_id == event.subject_id).values(team_id=None))

def store(session, rows):
    dialect.upsert(session, Account.__table__, rows, key=["id"])

def quickly(session):
    session.execute(Account.__table__.delete())

def by_hand(session):
    session.execute(sa.text("UPDATE leads SET score = 0"))

def harmless(session, lead):
    lead.update(Lead)
"""

    assert set(past_the_trail(spoiled, {"Lead": "leads", "Account": "accounts"})) == {
        ("follow_owner", "Lead"),
        ("store", "Account"),
        ("quickly", "Account"),
        ("by_hand", "Lead"),
    }
