from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.ports import IncomingEmail, Mailbox, PermanentFailure
from integrations import mime
from tests.support.mails import make_mail

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def read(text: str) -> IncomingEmail:
    return mime.read(text.replace("\n", "\r\n").encode(), provider_id="p", received_at=AT)


def test_a_mail_written_is_read_back_the_same():
    mail = make_mail(
        sender=Mailbox("ada@x.com", "Åda “the first” Löve"), subject="Grüße, 世界", in_reply_to="<a@b>"
    )
    parsed = message_from_bytes(mime.compose(mail), policy=policy.default)
    assert (parsed["Subject"], parsed["In-Reply-To"], parsed["Message-ID"]) == (
        mail.subject,
        "<a@b>",
        mail.message_id,
    )
    assert parsed["From"].addresses[0].display_name == mail.sender.name
    assert parsed.get_body(("plain",)).get_content().replace("\r\n", "\n") == mail.text


def test_a_line_break_in_a_subject_is_refused_and_never_becomes_a_header():
    with pytest.raises(PermanentFailure):
        mime.compose(make_mail(subject="Hello\r\nBcc: everyone@x.com"))


def test_an_address_beyond_ascii_can_be_written():
    assert "grüße@x.com".encode() in mime.compose(make_mail(recipient=Mailbox("grüße@x.com")))


@pytest.mark.parametrize("header", [
    "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated; x=y", "Precedence: bulk", "X-Autoreply: yes",
])  # fmt: skip
def test_a_mail_written_by_a_machine_is_automatic(header):
    assert read(f"From: a@b.com\n{header}\n\nI am away.").is_automatic


@pytest.mark.parametrize(
    "header", ["Auto-Submitted: no", "X-Auto-Response-Suppress: All", "Precedence: first-class"]
)
def test_a_mail_written_by_a_person_is_not_automatic(header):
    assert not read(f"From: a@b.com\n{header}\n\nHello.").is_automatic


BOUNCE = """From: Mail Delivery System <MAILER-DAEMON@mx.com>
To: ada@x.com
Subject: Undelivered
Message-ID: <bounce@mx.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Nobody of that name.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.com

Final-Recipient: rfc822; grace@customer.com
Action: failed
Status: {status}

--b
Content-Type: message/rfc822

From: ada@x.com
Message-ID: <sent-by-us@x.com>
Subject: hi

hi
--b--
"""


@pytest.mark.parametrize("status", ["5.1.1", "4.2.2"])
def test_a_delivery_report_names_its_status_and_the_mail_that_came_back(status):
    mail = read(BOUNCE.format(status=status))
    assert (mail.is_bounce, mail.bounce_status, mail.references) == (True, status, ("<sent-by-us@x.com>",))


def test_a_bounce_in_words_alone_is_a_bounce():
    mail = read("From: mailer-daemon@mx.com\nMessage-ID: <1@x>\n\n550 5.7.1 go away")
    assert (mail.is_bounce, mail.bounce_status) == (True, "5.7.1")


def test_a_mail_with_html_alone_gives_its_words():
    assert read(
        "From: a@b.com\nContent-Type: text/html; charset=made-up\n\n<p>Yes <b>please</b></p>"
    ).text == ("Yes please")


@given(st.binary(max_size=400))
def test_nothing_that_arrives_can_stop_the_reading(raw):
    assert mime.read(raw, provider_id="p", received_at=AT).provider_id == "p"
