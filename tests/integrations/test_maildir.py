import json
from pathlib import Path

import pytest

from crm_api.ports import Mailbox, PermanentFailure, SendState, TemporaryFailure
from integrations.offline.maildir import BATCH, MaildirKeeper, MaildirReader, MaildirSender, folder
from tests.support.mails import make_mail


def drop(root: Path, mailbox: str, name: str, text: str = "Yes, call me.", **headers: str) -> Path:
    home = folder(root, "in", mailbox) / "new"
    home.mkdir(parents=True, exist_ok=True)
    lines = {
        "From": "Grace <grace@customer.com>",
        "To": mailbox,
        "Subject": "Re: hi",
        "Message-ID": f"<{name}@x>",
    }
    lines |= {key.replace("_", "-"): value for key, value in headers.items()}
    path = home / name
    path.write_text("".join(f"{k}: {v}\n" for k, v in lines.items()) + "\n" + text)
    return path


def outgoing(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("out/*/*/*") if path.parent.name in ("new", "cur"))


async def test_nothing_is_sent_by_preparing(tmp_path):
    await MaildirSender(tmp_path).prepare(make_mail())
    assert outgoing(tmp_path) == []


async def test_a_mail_lies_in_the_folder_of_its_recipient(tmp_path):
    sender, mail = MaildirSender(tmp_path), make_mail()
    await sender.submit(await sender.prepare(mail), mail)
    (path,) = outgoing(tmp_path)
    assert path.parent == tmp_path / "out" / "grace@customer.com" / "new"


async def test_a_mail_that_was_read_meanwhile_is_still_found_and_not_sent_again(tmp_path):
    sender, mail = MaildirSender(tmp_path), make_mail()
    handle = await sender.prepare(mail)
    await sender.submit(handle, mail)
    (path,) = outgoing(tmp_path)
    path.rename(path.parent.parent / "cur" / f"{path.name}:2,S")
    await sender.prepare(mail)
    await sender.submit(handle, mail)
    assert await sender.find(handle, mail) is SendState.SENT
    assert len(outgoing(tmp_path)) == 1


async def test_a_prepared_file_that_was_cleared_away_is_written_again(tmp_path):
    sender, mail = MaildirSender(tmp_path), make_mail()
    handle = await sender.prepare(mail)
    for path in tmp_path.glob("out/*/tmp/*"):
        path.unlink()
    await sender.submit(handle, mail)
    assert len(outgoing(tmp_path)) == 1


@pytest.mark.parametrize("address", ["../../etc/passwd@x", "..@..", "a/b@c"])
async def test_no_address_leads_out_of_the_mail_folder(tmp_path, address):
    inside = folder(tmp_path / "mail", "out", address).resolve()
    assert inside.parent == (tmp_path / "mail" / "out").resolve()


async def test_what_is_no_address_is_refused_for_good(tmp_path):
    with pytest.raises(PermanentFailure):
        await MaildirSender(tmp_path).prepare(make_mail(recipient=Mailbox("..")))


async def test_a_folder_that_cannot_be_written_is_a_temporary_failure(tmp_path):
    (tmp_path / "out").write_text("a file where a folder should be")
    with pytest.raises(TemporaryFailure):
        await MaildirSender(tmp_path).prepare(make_mail())


async def test_a_mailbox_nobody_wrote_to_is_empty(tmp_path):
    changes = await MaildirReader(tmp_path).changes("ada@dealer-house.com", cursor=None)
    assert changes.messages == ()


async def test_a_reply_is_found_with_what_it_answers(tmp_path):
    drop(tmp_path, "ada@dealer-house.com", "1", In_Reply_To="<first@x>", References="<zero@x> <first@x>")
    changes = await MaildirReader(tmp_path).changes("Ada@Dealer-House.com", cursor=None)
    (mail,) = changes.messages
    assert (mail.in_reply_to, mail.references) == ("<first@x>", ("<zero@x>", "<first@x>"))
    assert (mail.sender.address, mail.text) == ("grace@customer.com", "Yes, call me.")


async def test_a_committed_cursor_hands_a_mail_out_once(tmp_path):
    reader = MaildirReader(tmp_path)
    drop(tmp_path, "ada@x.com", "1")
    first = await reader.changes("ada@x.com", cursor=None)
    second = await reader.changes("ada@x.com", cursor=first.cursor)
    assert second.messages == ()
    assert (folder(tmp_path, "in", "ada@x.com") / "cur" / "1:2,S").exists()


async def test_a_lost_cursor_hands_the_same_mails_out_again(tmp_path):
    reader = MaildirReader(tmp_path)
    drop(tmp_path, "ada@x.com", "1")
    first = await reader.changes("ada@x.com", cursor=None)
    assert await reader.changes("ada@x.com", cursor=None) == first


async def test_many_mails_come_in_batches_and_none_is_lost(tmp_path):
    reader, cursor, seen = MaildirReader(tmp_path), None, []
    for n in range(BATCH + 5):
        drop(tmp_path, "ada@x.com", f"{n:03}")
    more = True
    while more:
        changes = await reader.changes("ada@x.com", cursor=cursor)
        cursor, more = changes.cursor, changes.more
        seen += [mail.provider_id for mail in changes.messages]
    assert seen == [f"{n:03}" for n in range(BATCH + 5)]
    assert len(json.loads(cursor)) <= BATCH


async def test_rubbish_in_a_mailbox_does_not_stop_it(tmp_path):
    home = folder(tmp_path, "in", "ada@x.com") / "new"
    home.mkdir(parents=True)
    (home / "0").write_bytes(b"\xff\xfe\x00 not a mail \r\n\r\n")
    (home / "1").write_bytes(
        b"Content-Type: multipart/mixed; boundary=\r\nFrom: <<<>>\r\nMessage-ID: [x]\r\n\r\n"
    )
    drop(tmp_path, "ada@x.com", "2")
    changes = await MaildirReader(tmp_path).changes("ada@x.com", cursor=None)
    assert len(changes.messages) == 3


async def test_the_mails_of_one_person_are_forgotten_and_no_others(tmp_path):
    sender, mail = MaildirSender(tmp_path), make_mail()
    await sender.submit(await sender.prepare(mail), mail)
    await sender.prepare(make_mail(send_key="waiting"))
    theirs = drop(tmp_path, "ada@example.org", "1")
    others = drop(tmp_path, "ada@example.org", "2", From="Joan <joan@customer.com>")

    assert await MaildirKeeper(tmp_path).forget("Grace@customer.com") == 3

    assert (theirs.exists(), others.exists(), outgoing(tmp_path)) == (False, True, [])
    assert not (tmp_path / "out" / "grace@customer.com").exists()
    assert await MaildirKeeper(tmp_path).forget("Grace@customer.com") == 0
