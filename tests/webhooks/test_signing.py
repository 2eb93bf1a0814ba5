"""Signatures and the schedule of retries: rules, for any input."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.webhooks import schedule, signing
from tests.support.receiver import NotGenuine, verify

INSTANTS = st.integers(10**9, 7 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
IDS = st.uuids().map(str)


def as_bytes(value: object) -> bytes:
    return json.dumps(value).encode()


def test_the_example_of_the_specification_comes_out_as_it_stands_there() -> None:
    signed = signing.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(body=BODIES, message_id=IDS, at=INSTANTS)
def test_a_receiver_that_follows_the_specification_believes_us(
    body: object, message_id: str, at: datetime
) -> None:
    secret, raw = signing.new_secret(), as_bytes(body)

    headers = signing.headers([secret], message_id=message_id, at=at, body=raw)

    assert verify(secret, headers, raw, now=at.timestamp()) == body


@given(at=INSTANTS, message_id=IDS)
def test_while_a_secret_is_rotated_holders_of_either_believe_us(at: datetime, message_id: str) -> None:
    new, old, body = signing.new_secret(), signing.new_secret(), b"{}"

    headers = signing.headers([new, old], message_id=message_id, at=at, body=body)

    assert verify(new, headers, body, now=at.timestamp()) == {}
    assert verify(old, headers, body, now=at.timestamp()) == {}
    with pytest.raises(NotGenuine):
        verify(signing.new_secret(), headers, body, now=at.timestamp())


@given(at=INSTANTS, changed=st.sampled_from(["body", "webhook-id", "webhook-timestamp"]))
def test_whatever_is_tampered_with_is_noticed(at: datetime, changed: str) -> None:
    secret, body = signing.new_secret(), b'{"amount": 1}'
    headers = signing.headers([secret], message_id="a-message", at=at, body=body)

    if changed == "body":
        body = b'{"amount": 9}'
    elif changed == "webhook-id":
        headers["webhook-id"] = "b-message"
    else:
        headers["webhook-timestamp"] = str(int(at.timestamp()) + 1)

    with pytest.raises(NotGenuine, match="no signature fits"):
        verify(secret, headers, body, now=at.timestamp())


@given(late=st.timedeltas(timedelta(minutes=6), timedelta(days=5)), at=INSTANTS)
def test_an_old_signature_is_refused_and_a_new_one_of_the_same_message_believed(
    late: timedelta, at: datetime
) -> None:
    secret, later = signing.new_secret(), at + late
    first = signing.headers([secret], message_id="m", at=at, body=b"{}")
    second = signing.headers([secret], message_id="m", at=later, body=b"{}")

    with pytest.raises(NotGenuine, match="too old"):
        verify(secret, first, b"{}", now=later.timestamp())
    assert verify(secret, second, b"{}", now=later.timestamp()) == {}


def test_a_secret_is_thirty_two_random_bytes() -> None:
    secrets = {signing.new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert {len(base64.b64decode(secret.removeprefix("whsec_"))) for secret in secrets} == {32}


def test_the_signature_is_hmac_sha256_over_id_timestamp_and_body() -> None:
    key = b"k" * 32
    secret = "whsec_" + base64.b64encode(key).decode()
    expected = hmac.new(key, b"id.5.body", hashlib.sha256).digest()

    signed = signing.signature(secret, message_id="id", timestamp=5, body=b"body")

    assert signed == "v1," + base64.b64encode(expected).decode()


# ── The schedule ─────────────────────────────────────────────────────────────────────────────────

CHANCE = st.floats(0, 1, exclude_max=True)


@given(st.lists(CHANCE, min_size=9, max_size=9))
def test_ten_attempts_take_more_than_three_days_and_less_than_four(chances: list[float]) -> None:
    waits = [schedule.next_wait(n, chance) for n, chance in enumerate(chances, start=1)]
    total = sum((wait for wait in waits if wait is not None), timedelta())

    assert None not in waits
    assert schedule.next_wait(10, 0.5) is None
    assert schedule.PATIENCE < timedelta(hours=75) < total < timedelta(days=4)


@given(attempts=st.integers(1, 9), chance=CHANCE)
def test_a_wait_is_never_shorter_than_the_table_and_at_most_a_fifth_longer(
    attempts: int, chance: float
) -> None:
    wait = schedule.next_wait(attempts, chance)

    assert wait is not None
    assert schedule.RETRIES[attempts - 1] <= wait <= schedule.RETRIES[attempts - 1] * 1.2


@given(attempts=st.integers(1, 9), chance=CHANCE, asked=st.floats(0, 1e300))
def test_a_receiver_may_ask_for_more_time_but_for_a_day_at_most(
    attempts: int, chance: float, asked: float
) -> None:
    plain = schedule.next_wait(attempts, chance)
    wait = schedule.next_wait(attempts, chance, retry_after=asked)

    assert plain is not None
    assert wait is not None
    assert plain <= wait <= max(plain, timedelta(hours=24))
    assert wait >= min(timedelta(seconds=min(asked, 86_400)), timedelta(hours=24))


@given(attempts=st.integers(1, 8), chance=CHANCE)
def test_every_wait_is_longer_than_the_one_before(attempts: int, chance: float) -> None:
    now, later = schedule.next_wait(attempts, chance), schedule.next_wait(attempts + 1, chance)

    assert now is not None
    assert later is not None
    assert now < later


@pytest.mark.parametrize("attempts", [10, 11, 1000])
def test_after_the_tenth_attempt_there_is_no_other(attempts: int) -> None:
    assert schedule.next_wait(attempts, 0.0, retry_after=5) is None
