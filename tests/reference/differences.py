"""Where this service differs from the references on purpose: what they say, what is here, and why."""

from typing import NamedTuple


class Difference(NamedTuple):
    """One deliberate difference; `reference` is the number of the document, or several."""

    reference: str
    says: str
    here: str
    why: str


DIFFERENCES = (
    Difference(
        "003, 004",
        "Ids are integers.",
        "Ids are UUIDv7 strings.",
        "They are made before the row is written, in any process, sort by time, and tell nobody how many there are.",
    ),
    Difference(
        "000, 002, 004",
        "A customer, an assigned user, a deal value, a lead score … have several names.",
        "One word each (account, owner, value, score); every other name works in bodies, filters, sorts and `fields=`, "
        "and stands in single answers as a deprecated alias.",
        "One record must read the same wherever it is shown.",
    ),
    Difference(
        "000, 002",
        "Asynchronous services and repository classes with one method a query.",
        "Services are plain functions over a session, queries functions that return a `Select`; only the edge is "
        "asynchronous.",
        "Nothing can await inside a transaction, and the commit is over before an answer exists.",
    ),
    Difference(
        "002, 003, 004",
        "One lead has the statuses NEW … WON, CALLBACK, another the stages inquiry … negotiation.",
        "One list: new (inquiry), contacted, callback, qualified, proposal, negotiation, converted (won), lost; status "
        "and stage move together.",
        "Two lists of the same facts come apart.",
    ),
    Difference(
        "002",
        "Deleting a lead sets its status to LOST and tags it `archived`.",
        "The same, and it is out of every list and count, can be restored with the status it had, and does not count "
        "as lost.",
        "A deleted lead is no lost deal: rates must not change because somebody tidied up.",
    ),
    Difference(
        "000, 001",
        "The e-mail of a lead is unique across all leads.",
        "Unique across live leads, without regard to case.",
        "An archived lead must not bar the person from coming back.",
    ),
    Difference(
        "001",
        "Attachments are JSON.",
        "A JSON list of files that are uploaded first, `{name, file_id or url, size, type}`.",
        "What is attached has to be checked, found, exported and erased.",
    ),
    Difference(
        "000, 003, 004",
        "Communications, activities, visits, tasks and notes are tables of their own.",
        "They are types of one table, each with its own addresses and words.",
        "One timeline, one last contact, one search; a call logged in one place is there in the other.",
    ),
    Difference(
        "001",
        "A communication is with a customer, a lead or an opportunity.",
        "Or with a contact alone.",
        "A person without a company calls, too; what was said must not be lost for want of an account.",
    ),
    Difference(
        "001",
        "Dates of closing are date-times.",
        "`expected_close_date` is a date; of a date-time the written calendar day is kept.",
        "A deal is expected on a day, and that day must not move with the time zone of whoever looks.",
    ),
    Difference(
        "002",
        "Probabilities are from 0.0 to 1.0.",
        "Whole per cent from 0 to 100; 0.7 is refused with the hint to write 70.",
        "003, 001 and 000 count in per cent, and 1 would mean either.",
    ),
    Difference(
        "003, 004",
        "Custom fields take a migration and changes in four files.",
        "Custom fields are defined over the API; no table changes.",
        "The people who need a field are not those who may change the database.",
    ),
    Difference(
        "004",
        "A Streamlit dashboard with Plotly, a script a service, ports 8001 and 8501.",
        "Pages and charts drawn by the service itself, one `crm` command, one port (8000).",
        "One process to install, one sign-in, one place where the rules are.",
    ),
    Difference(
        "001",
        "The criteria of a segment are free JSON; customers are put in by hand.",
        "The same for a static segment; a dynamic one has a condition tree for criteria, and its customers follow.",
        "Who spends over 500,000 changes every day, and nobody puts customers in and out every day.",
    ),
    Difference(
        "000",
        "The follow-on phases: loyalty, invoices, payments, payables.",
        "Not there.",
        "The reference only announces them; they belong to an accounting system.",
    ),
)
