"""The page to ask on, over the real services: reading along, answers, and what one does to them."""

import re
from typing import Any

import pytest

from tests.factories import make_user
from tests.questions.test_conversations import some_deals
from tests.support.api import Api
from tests.support.pages import FRAGMENT, Visit, visiting


@pytest.fixture
async def visit(api: Api) -> Visit:
    await api.db.write(some_deals)
    return await visiting(api, await api.db.write(make_user, "administrator", name="Ana Ruiz"))


async def asked(visit: Visit, question: str, **more: Any) -> str:
    return await sent(visit, "/crm/ask", question=question, **more)


async def sent(visit: Visit, path: str, **fields: Any) -> str:
    answer = await visit.post(path, headers=FRAGMENT, **fields)
    assert answer.status_code == 200, answer.text
    return answer.text


def plan_of(page: str) -> str:
    found = re.search(r"/crm/ask/([0-9a-f-]{36})/rating", page)
    assert found, page
    return found[1]


async def test_the_page_offers_examples_and_what_was_asked_lately(visit: Visit) -> None:
    assert "What you ask stands here" in (await visit.get("/crm/ask")).text
    await asked(visit, "how many won deals do we have")
    page = (await visit.get("/crm/ask")).text
    assert 'value="how many won deals do we have"' in page


async def test_while_typing_each_word_says_whether_it_is_understood(visit: Visit) -> None:
    told = (await visit.get("/crm/ask/reading?question=won+deals+by+flurb+last+month")).text
    assert re.search(r'class="read word">won', told)
    assert re.search(r'class="read nothing">flurb', told)
    assert re.search(r'class="read period">last month', told)


async def test_an_answer_shows_its_figure_its_plan_and_its_scope(visit: Visit) -> None:
    page = await asked(visit, "how many won deals do we have")
    assert re.search(r'class="figure">\s*2\b', page)
    assert "of the 3 opportunities you see" in page
    assert re.search(r'class="read name".*?<summary[^>]*>won</summary>', page, re.DOTALL)


async def test_a_whole_page_comes_where_there_is_no_script(visit: Visit) -> None:
    answer = await visit.post("/crm/ask", question="leads by source")
    assert "<html" in answer.text
    assert "website" in answer.text


async def test_a_conversation_goes_on(visit: Visit) -> None:
    first = await asked(visit, "how many won deals do we have")
    found = re.search(r'name="conversation_id"\s+value="([0-9a-f-]{36})"', first)
    assert found
    assert re.search(r'class="figure">\s*1\b', await asked(visit, "and open?", conversation_id=found[1]))


async def test_a_question_back_offers_its_readings(visit: Visit) -> None:
    page = await asked(visit, "won revenue for Aardvark")
    assert "Aardvark Ltd</button>" in re.sub(r"\s+<", "<", page)


async def test_thumbs_views_and_weekly_letters_are_a_press_away(visit: Visit) -> None:
    plan_id = plan_of(await asked(visit, "how many won deals do we have"))
    for act, form, told in (
        ("rating", {"rating": "1"}, "Thank you"),
        ("view", {"name": "Won ones"}, "Won ones"),
        ("weekly", {"weekday": "1"}, "every Monday"),
    ):
        answer = await visit.post(f"/crm/ask/{plan_id}/{act}", headers=FRAGMENT, **form)
        assert told in answer.text, answer.text
    page = (await visit.get("/crm/ask")).text
    stop = re.search(r"/crm/ask/weekly/[0-9a-f-]{36}/stop", page)
    assert stop
    assert "no more" in (await visit.post(stop[0], headers=FRAGMENT)).text


async def test_all_rows_of_a_long_answer_can_be_shown(visit: Visit) -> None:
    plan_id = plan_of(await asked(visit, "list all deals"))
    assert "3 of 3 rows shown" in (await visit.get(f"/crm/ask/{plan_id}/rows", **FRAGMENT)).text


async def edited(visit: Visit, page: str, at: str, **more: str) -> str:
    return await sent(visit, f"/crm/ask/{plan_of(page)}/edit", at=at, **more)


def figure_of(page: str) -> str:
    found = re.search(r'class="figure">\s*([^<]*?)\s*<', page)
    assert found, page
    return found[1]


async def test_a_piece_of_the_plan_is_changed_or_left_out_and_the_answer_follows(visit: Visit) -> None:
    first = await asked(visit, "how many won deals do we have")
    still_open = await edited(visit, first, "filter-0", value="open")
    assert (figure_of(first), figure_of(still_open)) == ("2", "1")

    every = await edited(visit, still_open, "filter-0", remove="yes")
    assert figure_of(every) == "3"
    assert "Without open" not in every


async def test_a_follow_up_leans_on_what_was_changed_and_not_on_what_was_asked(visit: Visit) -> None:
    lost = await edited(visit, await asked(visit, "how many won deals do we have"), "filter-0", value="lost")
    found = re.search(r'name="conversation_id"\s+value="([0-9a-f-]{36})"', lost)
    assert found
    assert figure_of(await asked(visit, "including open", conversation_id=found[1])) == "1"


@pytest.mark.parametrize("value", ["flurbs", "", "by month", "x" * 120, "<b>won</b>"])
async def test_what_is_not_understood_in_a_piece_changes_nothing(visit: Visit, value: str) -> None:
    first = await asked(visit, "how many won deals do we have")
    answer = await visit.post(f"/crm/ask/{plan_of(first)}/edit", headers=FRAGMENT, at="filter-0", value=value)
    assert answer.status_code == (422 if not value else 200)
    if value:
        assert figure_of(answer.text) == "2"
        assert "<b>" not in answer.text


@pytest.mark.parametrize("at", ["filter-7", "group-0", "filter-x", "nonsense", "limit", "figure"])
async def test_a_piece_that_is_not_there_cannot_be_left_out(visit: Visit, at: str) -> None:
    first = await asked(visit, "leads")
    answer = await visit.post(f"/crm/ask/{plan_of(first)}/edit", at=at, remove="yes")
    assert answer.status_code == 422


async def test_nothing_of_a_question_is_markup(visit: Visit) -> None:
    page = await asked(visit, "<script>alert(1)</script> deals")
    assert "<script>alert" not in page
    told = (await visit.get("/crm/ask/reading?question=%3Cb%3Edeals%3C/b%3E")).text
    assert "<b>" not in told
