"""The parts an installation is made of: what each is for, its menus, and where its addresses are."""

from dataclasses import dataclass

VERSION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Menu:
    """An entry of the navigation. `parent` is the name of the menu it stands under; a heading has no path."""

    name: str
    icon: str
    sequence: int
    parent: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Module:
    """One part. `resources` are the first words of its addresses after `/api/v1` or `/api/v1/crm`; mails of its
    `purposes` wait while it is off."""

    name: str
    display_name: str
    description: str
    category: str
    resources: tuple[str, ...]
    menus: tuple[Menu, ...] = ()
    depends: tuple[str, ...] = ("crm",)
    auto_install: bool = True
    installable: bool = True
    version: str = VERSION
    core: bool = False
    purposes: tuple[str, ...] = ()


MODULES = (
    Module(
        "crm",
        "CRM",
        "Accounts, contacts, leads, opportunities in pipelines, activities and tasks.",
        "Sales",
        (),
        (
            Menu("Work", "house", 1),
            Menu("Today", "house", 2, "Work", "/"),
            Menu("CRM", "users", 10),
            Menu("Dashboard", "layout-dashboard", 11, "CRM", "/crm/dashboard"),
            Menu("Leads", "target", 12, "CRM", "/crm/leads"),
            Menu("Opportunities", "square-kanban", 13, "CRM", "/crm/opportunities"),
            Menu("Accounts", "building-2", 14, "CRM", "/crm/accounts"),
            Menu("Contacts", "users", 15, "CRM", "/crm/contacts"),
            Menu("Activities", "history", 16, "CRM", "/crm/activities"),
            Menu("Tasks", "list-checks", 17, "CRM", "/crm/tasks"),
            Menu("Settings", "settings", 90, None, "/crm/settings"),
            Menu("Reports", "chart-column", 29, "CRM", "/crm/reports"),
        ),
        depends=(),
        core=True,
    ),
    Module(
        "ask",
        "Ask",
        "Questions in plain English, answered from the records.",
        "Insight",
        ("ask",),
        (Menu("Ask", "sparkles", 3, "Work", "/crm/ask"),),
    ),
    Module(
        "visits",
        "Visits",
        "Days of dealer visits, planned with travel times and opening hours.",
        "Field sales",
        ("visits",),
        (Menu("Visits", "map-pin", 4, "Work", "/crm/visits"),),
    ),
    Module(
        "followups",
        "Follow-ups",
        "Sequences of mails and calls that go out by themselves.",
        "Marketing",
        ("followups",),
        (Menu("Outbox", "inbox", 5, "Work", "/outbox"),),
        purposes=("followup",),
    ),
    Module(
        "webhooks",
        "Webhooks",
        "Tells other systems of every change.",
        "Integration",
        ("webhooks",),
    ),
    Module(
        "notifications",
        "Notifications",
        "Tells people of what concerns them, in a list and by mail.",
        "Sales",
        ("notifications",),
        purposes=("notice",),
    ),
    Module(
        "targets",
        "Targets",
        "Sales targets for people and teams.",
        "Sales",
        ("targets",),
    ),
)
