from pathlib import Path

import pytest

from crm_api.core.templating import BadTemplate, MissingField, check, email_templates, render_email

LETTER = {
    "lead": {"first_name": "Grace", "company_name": "Navy <Research>", "requirements": None},
    "owner": {"name": "Ada Lovelace", "phone": "+1 212 555 0100"},
    "organisation": {"name": "Dealer House", "postal_address": "1 Main Street"},
}


def make_template(folder: Path, **parts: str) -> Path:
    (folder / "letter").mkdir()
    for part, source in ({"subject.txt": "Hi", "body.txt": "Hello"} | parts).items():
        (folder / "letter" / part).write_text(source)
    return folder


@pytest.mark.parametrize("name", email_templates())
def test_every_letter_can_be_written_with_the_least_that_is_known(name):
    letter = render_email(
        name, {"lead": {}, "person": {}, "owner": {"name": "Ada"}, "organisation": {"name": "House"}}
    )
    assert "Ada" in letter.text
    assert "\n" not in letter.subject


def test_values_are_escaped_in_html_and_left_alone_in_text():
    letter = render_email("followup_first", LETTER | {"lead": {"requirements": "2 < 3 & more"}})
    assert "2 < 3 & more" in letter.text
    assert "2 &lt; 3 &amp; more" in letter.html


def test_a_subject_stays_one_line_whatever_a_record_holds():
    letter = render_email("followup_first", LETTER | {"lead": {"company_name": "A\r\nBcc: all@x.com"}})
    assert letter.subject == "A Bcc: all@x.com: a quick question from Ada Lovelace"


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_an_empty_value_is_a_missing_one(tmp_path, empty):
    folder = make_template(tmp_path, **{"body.txt": "Dear {{ lead.first_name }}"})
    with pytest.raises(MissingField) as caught:
        render_email("letter", {"lead": {"first_name": empty}}, folder=folder)
    assert caught.value.field == "first_name"


def test_a_default_stands_for_a_missing_value(tmp_path):
    folder = make_template(tmp_path, **{"body.txt": 'Dear {{ lead.first_name|default("friend") }}'})
    assert render_email("letter", {"lead": {}}, folder=folder).text == "Dear friend\n"


@pytest.mark.parametrize("source", [
    "{{ 'a' * 50000000 }}",
    "{{ 2 ** 100000 }}",
    "{{ '%0999999d' % 1 }}",
    "{{ range(10) }}",
    "{{ lead.__class__() }}",
    "{% for a in b %}{% for c in d %}{% endfor %}{% endfor %}",
    "{% macro m() %}{% endmacro %}",
    "{% import 'x' as y %}",
    "{% include 'x' %}",
    "{{ lead|attr('x') }}",
    "{{ lead[0] }}",
    "{{ unclosed",
    "x" * 70_000,
])  # fmt: skip
def test_what_a_letter_does_not_need_is_refused(source):
    with pytest.raises(BadTemplate):
        check(source)


def test_a_letter_cannot_grow_without_end(tmp_path):
    folder = make_template(tmp_path, **{"body.txt": "{% for line in lines %}{{ line }}{% endfor %}"})
    with pytest.raises(BadTemplate, match="longer"):
        render_email("letter", {"lines": ["x" * 1000] * 300}, folder=folder)


def test_an_object_cannot_be_reached_into(tmp_path):
    folder = make_template(tmp_path, **{"body.txt": "{{ lead.name.__class__.__mro__ }}"})
    with pytest.raises((BadTemplate, MissingField)):
        render_email("letter", {"lead": {"name": "x"}}, folder=folder)


@pytest.mark.parametrize("name", ["../../etc", "nothing", "", "A"])
def test_a_template_that_is_not_there_is_named(name):
    with pytest.raises(BadTemplate, match="template"):
        render_email(name, LETTER)
