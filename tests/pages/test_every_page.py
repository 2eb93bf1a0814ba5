"""The one list of all pages (`tools/pages.py`), held against what the application has."""

from crm_api.analytics.reports import REPORTS
from crm_api.pages.kinds import KINDS
from crm_api.pages.routes import router
from crm_api.pages.sections import SECTIONS
from tools import pages


def test_every_address_a_browser_can_open_is_a_page_of_the_list_or_said_to_be_none() -> None:
    listed = {page.route for page in pages.PAGES}

    assert listed | pages.NO_PAGES.keys() == pages.declared(router.routes)
    assert not listed & pages.NO_PAGES.keys()


def test_every_kind_every_report_and_every_settings_list_is_walked() -> None:
    assert set(pages.RECORDS) == {kind.key for kind in KINDS}
    assert set(pages.REPORTS) == set(REPORTS)
    assert set(pages.SETTINGS) == {section.key for section in SECTIONS} - {"stages"}


def test_no_page_is_listed_twice() -> None:
    assert len({(page.path, page.part) for page in pages.PAGES}) == len(pages.PAGES)
