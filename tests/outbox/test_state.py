from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crm_api.outbox import state as rules
from crm_api.outbox.state import IllegalTransition, MessageState, StaleToken, Status, backoff, transition
from crm_api.ports import SendState

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def queued(**changes) -> MessageState:
    return MessageState(Status.QUEUED, due_at=NOW, **changes)


def claimed(**changes) -> MessageState:
    return transition(queued(**changes), rules.Claim("w", NOW, LATER))


def sending(**changes) -> MessageState:
    state = claimed(**changes)
    return transition(state, rules.Submit(state.token, "handle", NOW, LATER))


def unknown(**changes) -> MessageState:
    state = sending(**changes)
    return transition(state, rules.LoseSight(state.token, LATER, "silence"))


def test_a_message_goes_from_planned_to_sent():
    state = transition(MessageState(Status.PLANNED), rules.Queue(NOW))
    state = transition(state, rules.Claim("w", NOW, LATER))
    state = transition(state, rules.Submit(state.token, "draft", NOW, LATER))
    state = transition(state, rules.Accept(state.token, "provider"))
    assert (state.status, state.handle, state.provider_id) == (Status.SENT, "draft", "provider")


def test_nothing_is_claimed_before_it_is_due():
    with pytest.raises(IllegalTransition):
        transition(queued(), rules.Claim("w", NOW - timedelta(seconds=1), LATER))


def test_a_claim_that_ran_out_is_queued_again_because_nothing_can_have_left():
    assert transition(claimed(), rules.LeaseRanOut(LATER, LATER)).status is Status.QUEUED


def test_a_sending_that_ran_out_is_unknown_because_it_may_have_left():
    assert transition(sending(), rules.LeaseRanOut(LATER, LATER)).status is Status.UNKNOWN


def test_a_running_lease_is_left_alone():
    with pytest.raises(IllegalTransition):
        transition(claimed(), rules.LeaseRanOut(NOW, LATER))


def test_a_worker_that_lost_its_claim_cannot_send():
    mine = claimed()
    state = transition(
        transition(mine, rules.LeaseRanOut(LATER, LATER)),
        rules.Claim("other", LATER, LATER + timedelta(minutes=1)),
    )
    with pytest.raises(StaleToken):
        transition(state, rules.Submit(mine.token, "handle", LATER, LATER))


def test_a_worker_whose_lease_ran_out_cannot_send_even_when_nobody_noticed():
    mine = claimed()
    with pytest.raises(StaleToken):
        transition(mine, rules.Submit(mine.token, "handle", LATER, LATER + timedelta(minutes=1)))


def test_a_late_answer_to_the_only_submission_settles_an_unknown_message():
    state = unknown()
    assert transition(state, rules.Accept(state.token, "p")).status is Status.SENT


def test_an_answer_that_comes_after_the_message_was_queued_again_is_stale():
    state = unknown()
    again = transition(state, rules.Found(SendState.NOT_SENT, NOW))
    with pytest.raises(StaleToken):
        transition(again, rules.Accept(state.token, "p"))


def test_what_is_found_unsent_goes_out_with_the_same_handle():
    again = transition(unknown(), rules.Found(SendState.NOT_SENT, NOW))
    assert (again.status, again.handle) == (Status.QUEUED, "handle")


def test_what_cannot_be_found_stays_unknown():
    assert transition(unknown(), rules.Found(SendState.UNKNOWN, NOW)).status is Status.UNKNOWN


def test_a_stop_takes_back_a_claimed_message():
    mine = claimed()
    state = transition(mine, rules.Stop("replied"))
    assert state.status is Status.CANCELLED
    with pytest.raises(StaleToken):
        transition(state, rules.Submit(mine.token, "handle", NOW, LATER))


@pytest.mark.parametrize("make", [sending, unknown])
def test_a_stop_that_comes_too_late_keeps_the_message_from_ever_being_queued_again(make):
    state = transition(make(), rules.Stop("replied"))
    assert state.stop_requested
    state = (
        state
        if state.status is Status.UNKNOWN
        else transition(state, rules.LoseSight(state.token, LATER, "?"))
    )
    assert transition(state, rules.Found(SendState.NOT_SENT, NOW)).status is Status.CANCELLED


def test_a_stop_does_not_touch_what_is_over():
    sent = transition(sending(), rules.Accept(1, "p"))
    assert transition(sent, rules.Stop("replied")) == sent


def test_the_eighth_failure_is_the_last():
    state = queued()
    for _ in range(rules.MAX_ATTEMPTS):
        state = transition(state, rules.Claim("w", NOW, LATER))
        state = transition(state, rules.Submit(state.token, "h", NOW, LATER))
        state = transition(state, rules.Fail(state.token, NOW, "busy"))
    assert (state.status, state.attempts) == (Status.DEAD, 8)


def test_a_failure_whose_next_attempt_would_be_too_late_expires():
    state = sending(expires_at=LATER)
    assert transition(state, rules.Fail(state.token, LATER, "busy")).status is Status.EXPIRED


def test_a_dead_message_sent_again_by_hand_is_prepared_anew():
    state = sending()
    dead = transition(state, rules.Reject(state.token, "no such person"))
    again = transition(dead, rules.Retry(NOW))
    assert (again.status, again.handle, again.attempts) == (Status.QUEUED, None, 0)


def test_a_person_can_settle_an_unknown_message_either_way():
    assert transition(unknown(), rules.MarkSent("seen")).status is Status.SENT
    assert transition(unknown(), rules.Discard("not needed")).status is Status.CANCELLED
    assert transition(unknown(), rules.Retry(NOW)).status is Status.QUEUED


def test_a_held_message_goes_on_when_its_reason_is_gone():
    held = transition(queued(), rules.Hold("missing first_name"))
    assert transition(held, rules.Resume(LATER)) == MessageState(Status.QUEUED, due_at=LATER)


def test_a_message_expires_only_after_its_time():
    state = queued(expires_at=LATER)
    with pytest.raises(IllegalTransition):
        transition(state, rules.Expire(NOW))
    assert transition(state, rules.Expire(LATER)).status is Status.EXPIRED


@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True))
def test_a_wait_never_exceeds_six_hours_or_thirty_seconds_doubled(attempts, chance):
    assert backoff(attempts, chance) <= min(
        timedelta(hours=6), 30 * timedelta(seconds=2 ** min(attempts - 1, 20))
    )


@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True), st.floats(0, 1e6))
def test_a_wait_is_never_shorter_than_what_the_other_side_asked_for(attempts, chance, asked):
    assert backoff(attempts, chance, retry_after=asked) >= timedelta(seconds=asked)


class LifeOfAMessage(RuleBasedStateMachine):
    """Any number of workers, a transport that loses answers, a stop at any time, people who click.

    The world outside counts real submissions. Workers remember the token they were given, go silent and
    come back late. What must hold: one submission at most, unless somebody *knew* the last was not done.
    """

    @initialize(unwanted=st.booleans())
    def begin(self, unwanted):
        self.state = MessageState(Status.PLANNED)
        self.may_be_stopped = unwanted  # half of the lives run undisturbed, or most would end early
        self.now = NOW
        self.workers: dict[int, str] = {}  # token -> claimed | submitted | answered
        self.delivered = 0
        self.stopped = False
        self.delivered_after_stop = 0
        self.last_token = 0

    def attempt(self, event):
        stale = getattr(event, "token", self.state.token) != self.state.token
        try:
            self.state = transition(self.state, event)
        except IllegalTransition:
            return False
        assert not stale, "an event with an old token was obeyed"
        return True

    @rule(minutes=st.integers(1, 120))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule()
    def claim(self):
        self.attempt(rules.Queue(self.now))
        if self.attempt(rules.Claim("w", self.now, self.now + timedelta(minutes=1))):
            self.workers[self.state.token] = "claimed"

    @rule(data=st.data(), arrives=st.booleans())
    @precondition(lambda self: "claimed" in self.workers.values())
    def submit(self, data, arrives):
        token = data.draw(st.sampled_from([t for t, phase in self.workers.items() if phase == "claimed"]))
        stop_was_known = self.stopped
        if self.attempt(rules.Submit(token, "handle", self.now, self.now + timedelta(minutes=1))):
            self.workers[token] = "arrived" if arrives else "lost"
            self.delivered += arrives
            self.delivered_after_stop += arrives and stop_was_known
        else:
            del self.workers[token]

    @rule(data=st.data(), answer=st.sampled_from(["tell", "silence"]))
    @precondition(lambda self: {"arrived", "lost"} & set(self.workers.values()))
    def answer(self, data, answer):
        token = data.draw(st.sampled_from([t for t, p in self.workers.items() if p in ("arrived", "lost")]))
        phase = self.workers.pop(token)
        if answer == "silence":
            self.attempt(rules.LoseSight(token, self.now, "silence"))
        elif phase == "arrived":
            self.attempt(rules.Accept(token, "provider"))
        else:
            self.attempt(rules.Fail(token, self.now, "busy"))

    @rule()
    def reap(self):
        self.attempt(rules.LeaseRanOut(self.now, self.now))

    @rule(knows=st.booleans())
    def look(self, knows):
        truth = SendState.SENT if self.delivered else SendState.NOT_SENT
        self.attempt(rules.Found(truth if knows else SendState.UNKNOWN, self.now))

    @rule()
    @precondition(lambda self: self.may_be_stopped)
    def stop(self):
        self.attempt(rules.Stop("replied"))
        self.stopped = True

    @rule(event=st.sampled_from(["hold", "resume", "discard", "give_back"]))
    @precondition(lambda self: self.may_be_stopped)
    def interfere(self, event):
        events = {
            "hold": rules.Hold("paused"),
            "resume": rules.Resume(self.now),
            "discard": rules.Discard("no"),
            "give_back": rules.GiveBack(self.state.token, self.now, "closed"),
        }
        self.attempt(events[event])

    @rule()
    @precondition(lambda self: self.delivered == 0)
    def retry_by_somebody_who_looked(self):
        if self.attempt(rules.Retry(self.now)):
            self.stopped = False

    @invariant()
    def at_most_one_is_delivered(self):
        assert getattr(self, "delivered", 0) <= 1

    @invariant()
    def nothing_is_handed_over_after_a_stop(self):
        assert getattr(self, "delivered_after_stop", 0) == 0

    @invariant()
    def tokens_only_rise(self):
        if hasattr(self, "state"):
            assert self.state.token >= self.last_token
            self.last_token = self.state.token

    @invariant()
    def sent_means_delivered_and_named(self):
        if hasattr(self, "state") and self.state.status is Status.SENT:
            assert self.delivered == 1
            assert self.state.provider_id

    @invariant()
    def only_a_claim_or_a_sending_is_in_somebodys_hands(self):
        if hasattr(self, "state"):
            held = self.state.lease_until is not None
            assert held == (self.state.status in (Status.CLAIMED, Status.SENDING))


TestLifeOfAMessage = LifeOfAMessage.TestCase
TestLifeOfAMessage.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
