"""Both passes over small files, on both databases."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from crm_api.access.models import AccountAccess
from crm_api.accounts.models import Account
from crm_api.audit.models import AuditEntry, ChangeSet
from crm_api.core.database import Database
from crm_api.core.errors import Conflict, Invalid
from crm_api.events.models import EventRow
from crm_api.imports import flows, passes, runs
from crm_api.imports.models import ImportRun
from crm_api.leads.models import Lead
from crm_api.opportunities.models import Opportunity, OpportunityLine, StageMove
from crm_api.organisation.models import Territory
from crm_api.pipelines.models import Pipeline
from crm_api.products.models import Product
from crm_api.users.models import Team, User
from tests.factories import make_account, make_lead
from tests.imports.conftest import (
    ACCOUNTS,
    ACCOUNTS_HEADER,
    DEALS,
    DEALS_HEADER,
    PRODUCTS,
    Import,
    audited,
    count,
)


def the_account(session: Session, external_id: str) -> Account:
    return session.scalars(sa.select(Account).where(Account.external_id == external_id)).one()


def the_deal(session: Session, external_id: str) -> Opportunity:
    return session.scalars(sa.select(Opportunity).where(Opportunity.external_id == external_id)).one()


async def test_a_row_becomes_a_record_with_typed_values(db: Database, bring: Import) -> None:
    await bring((ACCOUNTS, ACCOUNTS_HEADER + 'a,"Ålesund, Båt",Dealer,"1,250.50",+1 614 555 0100,\n'))
    account = await db.read(the_account, "a")
    assert (account.name, account.name_key, account.account_type) == (
        "Ålesund, Båt",
        "alesund, bat",
        "dealer",
    )
    assert (account.annual_revenue, account.phone_e164) == (125_050, "+16145550100")
    assert (account.external_system, account.origin) == ("test", "import")
    assert account.number.startswith("ACC-")


async def test_the_second_import_of_the_same_file_changes_nothing(db: Database, bring: Import) -> None:
    files = (
        (ACCOUNTS, ACCOUNTS_HEADER + "a,Acme,customer,10,,\nb,Baker,dealer,,,Acme\n"),
        (PRODUCTS, "name,price\nMower,100\n"),
        (DEALS, DEALS_HEADER + "d1,Acme,Mower,Won,2026-01-01,2026-02-01,90\nd2,,Mower,Open,,,\n"),
    )
    await bring(*files)
    before = await db.read(audited)
    second = await bring(*files)
    assert [(r.created, r.updated, r.unchanged) for r in second] == [(0, 0, 2), (0, 0, 1), (0, 0, 2)]
    assert await db.read(audited) == before
    assert (await db.read(the_account, "a")).version == 1
    assert (await db.read(the_deal, "d1")).version == 1


async def test_a_changed_row_changes_its_record_alone(db: Database, bring: Import) -> None:
    await bring((ACCOUNTS, ACCOUNTS_HEADER + "a,Acme,customer,10,,\nb,Baker,dealer,20,,\n"))
    (report,) = await bring((ACCOUNTS, ACCOUNTS_HEADER + "a,Acme,customer,10,,\nb,Bakery,dealer,,,\n"))
    assert (report.created, report.updated, report.unchanged) == (0, 1, 1)
    baker = await db.read(the_account, "b")
    assert (baker.name, baker.name_key, baker.annual_revenue, baker.version) == ("Bakery", "bakery", None, 2)
    assert (await db.read(the_account, "a")).version == 1


async def test_all_rows_of_a_file_are_one_change_set(
    db: Database, bring: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "SLICE", 2)
    await bring((ACCOUNTS, ACCOUNTS_HEADER + "".join(f"{n},Account {n},dealer,,,\n" for n in range(7))))

    def change_sets(session: Session) -> list[tuple[str, str]]:
        used = sa.select(AuditEntry.change_set_id).where(AuditEntry.kind == "account")
        found = session.execute(sa.select(ChangeSet.origin, ChangeSet.label).where(ChangeSet.id.in_(used)))
        return list(found)

    assert await db.read(change_sets) == [("import", "Import of file0.csv")]


async def test_a_row_may_name_a_later_row_as_its_parent(
    db: Database, bring: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "SLICE", 1)
    await bring(
        (ACCOUNTS, ACCOUNTS_HEADER + "a,Small,dealer,,,Big One\nb,Big one,dealer,,,\nc,Other,dealer,,,a\n")
    )
    small, big, other = [await db.read(the_account, key) for key in "abc"]
    assert (small.parent_id, other.parent_id) == (big.id, small.id)


async def test_accounts_below_themselves_are_refused(bring: Import) -> None:
    (report,) = await bring(
        (ACCOUNTS, ACCOUNTS_HEADER + "a,A,dealer,,,C\nb,B,dealer,,,a\nc,C,dealer,,,b\nd,D,dealer,,,d\n")
    )
    assert not report.written
    assert {(row, fault.column) for row, fault in report.faults} == {(n, "parent") for n in (2, 3, 4, 5)}


async def test_a_repeated_row_is_reported_and_left_out(db: Database, bring: Import) -> None:
    (report,) = await bring(
        (ACCOUNTS, ACCOUNTS_HEADER + "a,First,dealer,,,\nb,B,dealer,,,\na,Second,dealer,,,\n")
    )
    assert (report.created, report.repeats, report.error_rows) == (2, [(4, 2)], 0)
    assert (await db.read(the_account, "a")).name == "First"


async def test_a_deal_gets_its_stage_line_and_history(db: Database, bring: Import) -> None:
    await bring(
        (ACCOUNTS, ACCOUNTS_HEADER + "a,Acme,customer,,,\n"),
        (PRODUCTS, "name,price\nMower,99.90\n"),
        (DEALS, DEALS_HEADER + "d1,acme,MOWER,won,2026-01-05,2026-02-06,90.5\n"),
    )

    def check(session: Session) -> None:
        deal = the_deal(session, "d1")
        assert (deal.stage_kind, deal.probability, deal.estimated_value, deal.value_base) == (
            "closed_won",
            100,
            9050,
            9050,
        )
        assert deal.started_at == datetime(2026, 1, 5, tzinfo=UTC)
        assert deal.actual_close_date == datetime(2026, 2, 6, tzinfo=UTC)
        line = session.scalars(sa.select(OpportunityLine)).one()
        assert (line.unit_price, line.quantity) == (9990, 1)
        move = session.scalars(sa.select(StageMove)).one()
        assert (move.to_stage_id, move.at) == (deal.stage_id, deal.actual_close_date)

    await db.read(check)


async def test_moving_a_deal_by_import_keeps_the_move_and_who_reaches_the_account(
    db: Database, bring: Import
) -> None:
    people = (
        'kind = "users"\nsystem = "test"\n[fields]\nexternal_id = "name"\nname = "name"\n',
        "name\nAda\n",
    )
    owned = DEALS.replace('account = "account"', 'account = "account"\nowner = { value = "Ada" }')
    base = ((ACCOUNTS, ACCOUNTS_HEADER + "a,Acme,customer,,,\n"), (PRODUCTS, "name,price\nMower,1\n"), people)
    await bring(*base, (owned, DEALS_HEADER + "d1,a,Mower,Open,2026-01-05,,\n"))
    assert await db.read(count, AccountAccess) == 1
    await bring(*base, (owned, DEALS_HEADER + "d1,a,Mower,Won,2026-01-05,2026-02-01,5\n"))
    assert await db.read(count, AccountAccess) == 0
    assert await db.read(count, StageMove) == 2
    assert (await db.read(the_deal, "d1")).probability == 100


async def test_another_product_replaces_the_line_and_raises_the_version(db: Database, bring: Import) -> None:
    products = (PRODUCTS, "name,price\nMower,1\nSaw,2\n")
    await bring(products, (DEALS, DEALS_HEADER + "d1,,Mower,Open,,,\n"))
    await bring(products, (DEALS, DEALS_HEADER + "d1,,Saw,Open,,,\n"))

    def line(session: Session) -> tuple[str, int]:
        joined = sa.select(Product.name, OpportunityLine.unit_price).join(OpportunityLine)
        return session.execute(joined).one()

    assert await db.read(line) == ("Saw", 200)
    assert (await db.read(the_deal, "d1")).version == 2


async def test_people_teams_and_territories_are_made_when_named(db: Database, bring: Import) -> None:
    mapping = """
        kind = "users"
        system = "test"
        [fields]
        external_id = "name"
        name = "name"
        manager = { column = "boss", create = true }
        team = { column = "office", create = true }
        territory = { column = "office", create = true }
    """
    content = "name,boss,office\nAda,Grace,East\nGrace,Margaret,East\nAlan,Grace,West\n"
    await bring((mapping, content))
    await bring((mapping, content))

    def check(session: Session) -> None:
        people = {user.name: user for user in session.scalars(sa.select(User))}
        assert people.keys() == {"Ada", "Grace", "Margaret", "Alan"}
        assert people["Ada"].manager_id == people["Alan"].manager_id == people["Grace"].id
        assert (people["Margaret"].role, people["Grace"].role) == ("manager", "rep")
        assert not any(user.can_sign_in for user in people.values())
        assert count(session, Team) == count(session, Territory) == 2
        assert people["Ada"].team_id != people["Alan"].team_id

    await db.read(check)


async def test_imported_leads_stand_in_the_stage_of_their_status(db: Database, bring: Import) -> None:
    mapping = (
        'kind = "leads"\nsystem = "test"\n[fields]\nexternal_id = "id"\ncompany_name = "company"\n'
        'email = "mail"\nstatus = "status"\n'
    )
    await bring((mapping, "id,company,mail,status\n1,Acme,a@example.com,callback\n2,Baker,,qualified\n"))
    await bring((mapping, "id,company,mail,status\n1,Acme,a@example.com,proposal\n2,Baker,,qualified\n"))

    def stages(session: Session) -> list[tuple[str, str, int]]:
        from crm_api.pipelines.models import Stage

        joined = sa.select(Lead.title, Stage.name, Lead.version).join(Stage, Stage.id == Lead.stage_id)
        return list(session.execute(joined.order_by(Lead.title)))

    assert await db.read(stages) == [("Acme", "Proposal", 2), ("Baker", "Qualified", 1)]


async def test_one_event_tells_of_the_whole_import(db: Database, bring: Import) -> None:
    await bring((ACCOUNTS, ACCOUNTS_HEADER + "a,A,dealer,,,\nb,B,dealer,,,\n"))

    def told(session: Session) -> list[tuple[str, int]]:
        return [(row.type, row.data["created"]) for row in session.scalars(sa.select(EventRow))]

    assert await db.read(told) == [("import.finished", 2)]


async def test_a_dry_run_finds_the_faults_and_writes_nothing(db: Database, bring: Import) -> None:
    content = ACCOUNTS_HEADER + "a,A,dealer,,,\nb,B,spaceship,,,\n"
    (report,) = await bring((ACCOUNTS, content), dry_run=True)
    assert (report.rows, report.error_rows, report.written) == (2, 1, False)
    assert await db.read(count, Account) == await db.read(count, ImportRun) == 0


async def test_a_fault_in_the_last_file_keeps_the_first_from_being_written(
    db: Database, bring: Import
) -> None:
    reports = await bring(
        (ACCOUNTS, ACCOUNTS_HEADER + "a,A,dealer,,,\n"), (DEALS, DEALS_HEADER + "d1,a,,Nowhere,,,\n")
    )
    assert [report.written for report in reports] == [False, False]
    assert await db.read(count, Account) == await db.read(count, Pipeline) - 2 == 0


async def test_with_skip_errors_the_right_rows_are_written(db: Database, bring: Import) -> None:
    content = ACCOUNTS_HEADER + "a,A,dealer,-5,,\nb,B,dealer,,,a\nc,C,dealer,,,\nd,D,dealer,,,b\n"
    (report,) = await bring((ACCOUNTS, content), skip_errors=True)
    # b names the faulty a, and d names b: both fall with it.
    assert (report.created, report.error_rows) == (1, 3)
    assert report.errors_file is not None
    lines = report.errors_file.read_text().splitlines()
    assert lines[0] == "file,row,column,value,message"
    assert [line.split(",")[1:4] for line in lines[1:]] == [
        ["2", "revenue", "'-5"],
        ["3", "parent", "a"],
        ["5", "parent", "b"],
    ]
    assert await db.read(count, Account) == 1


async def test_an_address_another_live_lead_has_is_a_fault(db: Database, bring: Import) -> None:
    await db.write(make_lead, email="Taken@example.com", email_key="taken@example.com")
    mapping = 'kind = "leads"\nsystem = "t"\n[fields]\nexternal_id = "id"\ntitle = "id"\nemail = "mail"\n'
    (report,) = await bring((mapping, "id,mail\n1,taken@EXAMPLE.com\n2,x@example.com\n3,X@example.com\n"))
    assert [(row, fault.column) for row, fault in report.faults] == [(4, "email"), (2, "mail")]


async def test_a_name_that_two_accounts_have_is_not_guessed(db: Database, bring: Import) -> None:
    for _ in range(2):
        await db.write(make_account, name="Twin")
    (report,) = await bring((DEALS, DEALS_HEADER + "d1,twin,,Open,,,\n"))
    assert "several account records" in report.faults[0][1].message


class Cut(BaseException):
    """Stands for the process being killed: nothing below catches it."""


async def test_a_run_that_was_cut_off_goes_on_at_the_first_unwritten_row(
    db: Database, bring: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "SLICE", 3)
    content = ACCOUNTS_HEADER + "".join(f"{n},Account {n},dealer,,,\n" for n in range(10))
    original, calls = runs.write_slice, 0

    def cut_at_the_third(*args: object, **kwargs: object) -> tuple[int, ...]:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise Cut
        return original(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "write_slice", cut_at_the_third)
    with pytest.raises(Cut):
        await bring((ACCOUNTS, content))
    assert await db.read(count, Account) == 6
    monkeypatch.setattr(runs, "write_slice", original)

    with pytest.raises(Conflict, match="right now"):
        await bring((ACCOUNTS, content))

    def lease_runs_out(session: Session) -> None:
        session.scalars(sa.select(ImportRun)).one().lease_until = datetime(2020, 1, 1, tzinfo=UTC)

    await db.write(lease_runs_out)
    (report,) = await bring((ACCOUNTS, content))
    assert (report.resumed_after, report.created) == (7, 10)

    def check(session: Session) -> None:
        assert (count(session, Account), count(session, ImportRun)) == (10, 1)
        assert session.scalar(sa.select(sa.func.count(AuditEntry.change_set_id.distinct()))
                              .where(AuditEntry.kind == "account")) == 1  # fmt: skip

    await db.read(check)


async def test_two_processes_at_the_same_run_never_write_a_row_twice(
    db: Database, bring: Import, tmp_path: Path
) -> None:
    content = ACCOUNTS_HEADER + "a,A,dealer,,,\nb,B,dealer,,,\n"
    await bring((ACCOUNTS, content))

    def the_run(session: Session) -> ImportRun:
        return session.scalars(sa.select(ImportRun)).one()

    run = await db.read(the_run)
    with pytest.raises(Conflict, match="Another process"):
        await db.write(
            runs.write_slice, None, [], run_id=run.id, after=0, through=3, progress=1, forward=set()
        )


async def test_only_administrators_import(db: Database, tmp_path: Path) -> None:
    from crm_api.access import Actor
    from crm_api.core.errors import NotAllowed

    with pytest.raises(NotAllowed):
        await flows.run_files(db, Actor(None, "manager"), [], errors_folder=tmp_path)


async def test_a_mapping_for_fields_that_do_not_exist_is_refused(bring: Import) -> None:
    mapping = 'kind = "products"\nsystem = "t"\n[fields]\nexternal_id = "a"\ncolour = "b"\n'
    with pytest.raises(Invalid, match=r"colour: products have no such field; fields\.name: must be filled"):
        await bring((mapping, "a,b\n"))


async def test_a_lead_that_was_converted_here_is_left_as_it_is(db: Database, bring: Import) -> None:
    mapping = (
        'kind = "leads"\nsystem = "t"\n[fields]\nexternal_id = "id"\ntitle = "title"\nstatus = "status"\n'
    )
    await bring((mapping, "id,title,status\n1,Before,qualified\n"))

    def convert(session: Session) -> None:
        session.scalars(sa.select(Lead)).one().status = "converted"

    await db.write(convert)
    (report,) = await bring((mapping, "id,title,status\n1,After,proposal\n"))
    assert (report.updated, report.unchanged) == (0, 1)


async def test_a_mapping_may_use_the_words_of_older_systems(db: Database, bring: Import) -> None:
    mapping = """
        kind = "leads"
        system = "old"
        [fields]
        external_id = "id"
        name = "what"
        contact_person = "who"
        lead_score = "score"
        status = "status"
        assigned_to_id = "rep"
    """
    await bring((mapping, "id,what,who,score,status,rep\n1,Vans,Mary Ann Lee,70,inquiry,\n"))

    lead = await db.read(lambda session: session.scalars(sa.select(Lead)).one())
    assert (lead.title, lead.first_name, lead.last_name) == ("Vans", "Mary Ann", "Lee")
    assert (lead.score, lead.status, lead.owner_id) == (70, "new", None)
    with pytest.raises(Invalid, match="filled already"):
        await bring((mapping + '\ntitle = "what"\n', "id,what\n"))


async def test_new_rows_that_probably_are_here_already_are_told_and_written(
    db: Database, bring: Import
) -> None:
    await db.write(lambda session: make_account(session, name="Harbor Inc") and None)
    rows = ACCOUNTS_HEADER + "1,The Harbor,customer,,,\n2,Quay,customer,,,\n3,Quay AG,customer,,,\n"

    (tried,) = await bring((ACCOUNTS, rows), dry_run=True)
    assert (tried.possible_duplicates, tried.duplicates) == (1, [2])
    (report,) = await bring((ACCOUNTS, rows))
    assert (report.created, report.possible_duplicates, report.duplicates) == (3, 2, [2, 4])
    run = await db.read(lambda s: s.scalars(sa.select(ImportRun).order_by(ImportRun.id.desc())).first())
    assert run.possible_duplicates == 2

    (again,) = await bring((ACCOUNTS, rows))
    assert (again.unchanged, again.possible_duplicates) == (3, 0)


async def test_a_file_brings_hours_and_welcome_days_and_tells_a_fault_by_its_cell(
    db: Database, bring: Import
) -> None:
    mapping = """
kind = "accounts"
system = "dms"
[fields]
external_id = "id"
name = "name"
opening_hours = "hours"
visit_days = "days"
"""
    (faulty,) = await bring((mapping, "id,name,hours,days\n1,Ford,whenever,Tue\n"))
    (report,) = await bring((mapping, 'id,name,hours,days\n1,Ford,"Mo 08:00-18:00","Tue, Thu"\n2,Fiat,,\n'))

    assert [(row, fault.column) for row, fault in faulty.faults] == [(2, "hours")]
    statement = sa.select(Account).order_by(Account.external_id)
    ford, fiat = await db.read(lambda session: session.scalars(statement).all())
    assert (report.created, ford.opening_hours, ford.visit_days) == (2, {"1": [["08:00", "18:00"]]}, [2, 4])
    assert (fiat.opening_hours, fiat.visit_days) == (None, None)
