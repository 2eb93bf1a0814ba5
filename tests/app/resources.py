"""The record kinds as an API client meets them: where they live, what makes one, what changes one."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from crm_api.accounts.schemas import AccountOut
from crm_api.activities.schemas import ActivityOut
from crm_api.contacts.schemas import ContactOut
from crm_api.core.vocabulary import NONE
from crm_api.leads.schemas import LeadOut
from crm_api.opportunities.schemas import OpportunityOut
from crm_api.pipelines.schemas import PipelineOut, StageOut
from crm_api.products.schemas import ProductOut
from crm_api.segments.schemas import SegmentOut
from crm_api.tags.schemas import TagOut


@dataclass(frozen=True)
class Resource:
    """One kind. `body` makes a record, `change` changes it, `text` is a field of free text."""

    kind: str
    path: str
    shape: type[Any]
    body: dict[str, Any]
    change: dict[str, Any]
    text: str = "name"
    archives: bool = True
    others: dict[str, Any] = field(default_factory=dict)

    def numbered(self, n: int) -> dict[str, Any]:
        """A body that makes one more."""
        return {**self.body, self.text: f"{self.body[self.text]} {n:03d}"}


CRM = "/api/v1/crm"
ACCOUNT = Resource(
    "account",
    f"{CRM}/accounts",
    AccountOut,
    {
        "name": "Riverside Motors",
        "account_type": "dealer",
        "industry": "Automotive",
        "annual_revenue": 1_250_000.5,
        "currency": "usd",
        "phone": "+1 614 555 0100",
        "billing_city": "Columbus",
        "latitude": 39.96,
        "longitude": -83.0,
        "opening_hours": {"1": [["08:00", "12:00"], ["13:00", "18:00"]]},
        "tags": ["Key account", "Ford"],
    },
    {"tier": "gold", "employees": 42},
)
CONTACT = Resource(
    "contact",
    f"{CRM}/contacts",
    ContactOut,
    {"first_name": "Dana", "last_name": "Reyes", "email": "dana@riverside.example", "tags": ["Buyer"]},
    {"job_title": "Fleet manager", "do_not_call": True},
    text="first_name",
)
LEAD = Resource(
    "lead",
    f"{CRM}/leads",
    LeadOut,
    {
        "title": "Fleet of twelve vans",
        "company_name": "Harbor Logistics",
        "first_name": "Ann",
        "last_name": "Lee",
        "source": "trade_show",
        "estimated_value": 48_000,
        "tags": ["Fleet"],
    },
    {"priority": "high", "industry": "Logistics"},
    text="title",
)
OPPORTUNITY = Resource(
    "opportunity",
    f"{CRM}/opportunities",
    OpportunityOut,
    {"name": "Spring fleet renewal", "estimated_value": 12_500.25, "expected_close_date": "2026-12-24"},
    {"priority": "urgent", "next_step": "Send the quote"},
)
ACTIVITY = Resource(
    "activity",
    f"{CRM}/activities",
    ActivityOut,
    {"activity_type": "call", "subject": "Asked about the order", "occurred_at": "2026-01-02T09:30:00+01:00"},
    {"outcome": "Wants a quote", "duration_minutes": 12},
    text="subject",
)
PRODUCT = Resource(
    "product",
    f"{CRM}/products",
    ProductOut,
    {"name": "Roof rack", "code": "RR-1", "list_price": 199.99},
    {"family": "Accessories"},
)
TAG = Resource(
    "tag", f"{CRM}/tags", TagOut, {"name": "Seasonal", "color": "green"}, {"color": "blue"}, archives=False
)
PIPELINE = Resource(
    "pipeline",
    f"{CRM}/pipelines",
    PipelineOut,
    {
        "name": "Fleet",
        "applies_to": "opportunity",
        "stages": [
            {"name": "Talk", "kind": "prospecting", "probability": 15},
            {"name": "Yes", "kind": "closed_won"},
            {"name": "No", "kind": "closed_lost"},
        ],
    },
    {"position": 3},
)
SEGMENT = Resource(
    "segment",
    f"{CRM}/segments",
    SegmentOut,
    {"name": "High value", "code": "HVC", "criteria": {"min_annual_spend": 500000}, "priority": 1},
    {"description": "Those who spend most", "benefits": {"discount_tier": "Platinum"}},
)
RECORDS = (ACCOUNT, CONTACT, LEAD, OPPORTUNITY, ACTIVITY, PRODUCT)
RESOURCES = (*RECORDS, TAG, PIPELINE, SEGMENT)
STAGE_SHAPE = StageOut


def checked(resource: Resource, answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The record of an answer, after looking at status, ETag and shape: each field that is promised, no other."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert answer.headers["etag"] == f'"{body["version"]}"'
    body.pop("possible_duplicates", None)  # beside a record that was just made
    fits(resource, body)
    return body


def fits(resource: Resource, body: dict[str, Any], *, single: bool = True) -> None:
    """Raise AssertionError where a record is not of the documented shape."""
    optional = {"lines", "notes"} if not single else set()
    fields, words = set(resource.shape.model_fields), getattr(resource.shape, "vocabulary", NONE)
    others = set(words.names) if single else set()
    assert (fields | others) - optional <= set(body) <= fields | others
    assert {body[old] == body[words.ours(old)] for old in others} <= {True}
    resource.shape.model_validate_json(json.dumps(body), strict=True)


def problem(answer: httpx.Response, status: int, *, field: str | None = None) -> dict[str, Any]:
    """The problem document of an answer; `field` is the first field at fault."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["type"].startswith("/problems/")
    if field is not None:
        assert field in [fault["field"] for fault in body["errors"]], body
    return body
