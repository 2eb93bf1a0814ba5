"""The four main jobs, driven over HTTP against the processes a user starts."""

import mailbox
import os
from collections.abc import Iterator
from email.message import EmailMessage
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.end_to_end.letters import Letters, new_lead, switched_on
from tests.support.processes import Installation, until

pytestmark = pytest.mark.slow
DATA = Path(os.environ.get("CRM_TEST_DATA", "../shared")) / "data"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The demo company, started with `crm up`."""
    here = Installation(tmp_path_factory.mktemp("demo"), {"DEMO": "1"})
    with here.process("up"):
        until("the start", here.is_ready)
        yield here


def posted(client: httpx.Client, path: str, body: dict[str, Any], status: int = 201) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_an_api_client_keeps_records(demo: Installation) -> None:
    with demo.client() as client:
        account = posted(
            client, "/api/v1/crm/accounts", {"name": "Kestrel Gardens", "account_type": "dealer"}
        )
        posted(client, "/api/v1/crm/contacts", {"first_name": "Iris", "account_id": account["id"]})
        deal = posted(
            client, "/api/v1/crm/opportunities",
            {"name": "Mowers for spring", "account_id": account["id"], "estimated_value": 12500.5},
        )  # fmt: skip
        posted(client, f"/api/v1/crm/opportunities/{deal['id']}/close", {"stage": "closed_won"}, 200)

        found = client.get("/api/v1/crm/opportunities", params={"search": "mowers spring"}).json()
        read = client.get(f"/api/v1/crm/opportunities/{deal['id']}").json()

    assert [row["id"] for row in found["items"]] == [deal["id"]]
    assert (read["stage"], read["probability"], read["expected_revenue"]) == ("closed_won", 100, 12500.5)


def test_a_rep_asks_and_gets_the_number_the_list_shows(demo: Installation) -> None:
    with demo.client("rep@demo.example", demo.demo_password()) as client:
        answer = posted(client, "/api/v1/crm/ask", {"question": "how many open deals do I have?"}, 200)
        me = client.get("/api/v1/auth/me").json()["id"]
        rows = client.get(
            "/api/v1/crm/opportunities", params={"owner_id": me, "actual_close_date__isnull": "true"}
        ).json()

    assert answer["status"] == "answered"
    assert answer["value"] == rows["total"] > 0


def test_a_field_rep_plans_a_day(demo: Installation) -> None:
    with demo.client("field@demo.example", demo.demo_password()) as client:
        plan = posted(client, "/api/v1/crm/visits/plans", {"day": "2026-11-23"})
        accepted = posted(client, f"/api/v1/crm/visits/plans/{plan['id']}/accept", {}, 200)

    stops = plan["stops"]
    assert len(stops) >= 3
    assert all(a["ends_at"] <= b["arrives_at"] for a, b in pairwise(stops))
    assert plan["returns_at"] <= plan["shift_ends_at"]
    assert accepted["status"] == "accepted"


def test_a_follow_up_goes_out_by_itself_and_a_reply_ends_it(demo: Installation, tmp_path: Path) -> None:
    with demo.client() as client:
        rule = switched_on(client, steps=2)
        lead = new_lead(client, email="nora@somewhere.example", owner="rep@demo.example")
        letters = Letters(demo.data_dir / "mail" / "out")
        until("the first mail", lambda: letters.to(lead["email"]))
        line = until(
            "its line on the timeline",
            lambda: client.get(f"/api/v1/crm/leads/{lead['id']}/timeline").json()["items"],
        )
        sent = letters.to(lead["email"])[0]

        reply(demo.data_dir / "mail" / "in" / "rep@demo.example", sent)

        def enrolment() -> Any:
            rows = client.get("/api/v1/crm/followups/enrolments", params={"lead_id": lead["id"]}).json()[
                "items"
            ]
            return rows[0] if rows and rows[0]["status"] == "stopped" else None

        stopped = until("the end of the sequence", enrolment)
        client.post(f"/api/v1/crm/followups/rules/{rule['id']}/switch-off")

    assert "Email" in line[0]["summary"]
    assert stopped["stop_reason"] == "reply"
    assert len(letters.to(lead["email"])) == 1


def reply(folder: Path, sent: Any) -> None:
    """Drop an answer to `sent` into somebody's Maildir."""
    answer = EmailMessage()
    answer["From"], answer["To"] = sent["To"], sent["From"]
    answer["Subject"], answer["Message-ID"] = f"Re: {sent['Subject']}", "<answer@somewhere.example>"
    answer["In-Reply-To"] = sent["Message-ID"]
    answer.set_content("Yes, please call me.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    mailbox.Maildir(folder, create=True).add(answer)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The real data sets, imported with their mappings."""
    if not (DATA / "maven-crm").is_dir():
        pytest.skip(f"the real data sets are not at {DATA} (CRM_TEST_DATA)")
    here = Installation(tmp_path_factory.mktemp("imported"))
    here.command("import", "--plan", "examples/maven.toml", str(DATA / "maven-crm"))
    here.command(
        "import", str(DATA / "dealers" / "ford_dealers_us.csv"), "--as", "accounts", "--map",
        "examples/ford_dealers.toml", "--skip-errors",
    )  # fmt: skip
    with here.process("up"):
        until("the start", here.is_ready)
        yield here


def test_questions_are_answered_right_on_imported_data(imported: Installation) -> None:
    with imported.client() as client:
        won = posted(client, "/api/v1/crm/ask", {"question": "How many deals has Boris Faz won?"}, 200)
        quarters = posted(client, "/api/v1/crm/ask", {"question": "won revenue by quarter"}, 200)

    assert won["value"] == 101
    assert [row[1] for row in quarters["rows"]] == [1134672, 3086111, 2982255, 2802496]


def test_a_day_among_real_dealers_around_columbus_is_planned(imported: Installation) -> None:
    with imported.client() as client:
        plan = posted(
            client, "/api/v1/crm/visits/plans",
            {"day": "2026-11-23", "start": {"latitude": 39.9612, "longitude": -82.9988}, "radius_km": 80,
             "account_type": "dealer"},
        )  # fmt: skip

    assert len(plan["stops"]) >= 6
    assert plan["returns_at"] <= plan["shift_ends_at"]
