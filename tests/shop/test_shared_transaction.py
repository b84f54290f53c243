"""The queue of the shared transaction, with a fake in place of the database."""

import threading

import pytest

from shop.services.stock import shared_transaction
from shop.services.stock.shared_transaction import SharedTransaction
from tests.factories_crowd import LONG


class Refused(Exception):
    """The answer to one wish."""


class Till:
    """Takes wishes together, notes each round, and can be told to stop at the next one."""

    def __init__(self, most_at_once=100):
        self.rounds, self.threads = [], []
        self.began, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()
        self.shared = SharedTransaction(
            self.take, most_at_once=most_at_once, inside_a_transaction=lambda: False
        )

    def take(self, wishes):
        self.rounds.append(list(wishes))
        self.threads.append(threading.current_thread())
        self.began.set()
        assert self.go_on.wait(timeout=LONG)
        return self.answer(wishes)

    def answer(self, wishes):
        return [Refused(wish) if wish < 0 else wish * 10 for wish in wishes]


def asking(till, wishes):
    """One thread for each wish, which enter the queue in this order. Returns threads and answers."""
    answers, threads = {}, []

    def ask(wish):
        try:
            answers[wish] = till.shared.ask(wish)
        except (Refused, ConnectionError, SystemExit) as error:
            answers[wish] = error

    for number, wish in enumerate(wishes):
        thread = threading.Thread(target=ask, args=(wish,), daemon=True)
        thread.start()
        threads.append(thread)
        wait_until(lambda n=number: len(till.shared._waiting) > n)
    return threads, answers


def wait_until(true):
    """Without a sleep: the queue's own lock lets the others move."""
    for _try in range(1_000_000):
        if true():
            return
        threading.Event().wait(0.0001)
    raise AssertionError("it never came true")


def behind_a_leader(till, wishes):
    """A first caller works on wish 0 while the others queue up; then it may finish."""
    till.go_on.clear()
    first, answer = [], {}
    first.append(threading.Thread(target=lambda: answer.update({0: till.shared.ask(0)})))
    first[0].start()
    assert till.began.wait(timeout=LONG)
    threads, answers = asking(till, wishes)
    till.go_on.set()
    join([*first, *threads])
    return answer | answers


def join(threads):
    for thread in threads:
        thread.join(timeout=LONG)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"


def idle(till):
    return till.shared._leader is None and not till.shared._waiting


def test_a_single_caller_goes_through_alone():
    till = Till()
    assert till.shared.ask(4) == 40
    assert till.rounds == [[4]]
    assert idle(till)


def test_who_comes_meanwhile_shares_the_next_round_in_order_of_arrival():
    till = Till()
    answers = behind_a_leader(till, [1, 2, 3, 4])
    assert till.rounds == [[0], [1, 2, 3, 4]]
    assert answers == {0: 0, 1: 10, 2: 20, 3: 30, 4: 40}
    assert idle(till)


def test_a_round_has_a_limit_and_nobody_leads_twice():
    till = Till(most_at_once=3)
    answers = behind_a_leader(till, list(range(1, 9)))
    assert till.rounds == [[0], [1, 2, 3], [4, 5, 6], [7, 8]]
    assert len(set(till.threads)) == len(till.threads)
    assert answers == {wish: wish * 10 for wish in range(9)}


def test_a_refusal_is_its_own_callers_only():
    till = Till()
    answers = behind_a_leader(till, [1, -2, 3])
    assert isinstance(answers.pop(-2), Refused)
    assert answers == {0: 0, 1: 10, 3: 30}


def test_a_round_that_fails_as_a_whole_is_repeated_by_each_alone(caplog):
    till = Till()

    def answer(wishes):
        if 2 in wishes:
            raise ConnectionError("lost")
        return [wish * 10 for wish in wishes]

    till.answer = answer
    answers = behind_a_leader(till, [1, 2, 3])
    assert isinstance(answers.pop(2), ConnectionError)
    assert answers == {0: 0, 1: 10, 3: 30}
    assert till.rounds[1] == [1, 2, 3]
    assert sorted(till.rounds[2:]) == [[1], [2], [3]]
    assert "carried out alone" in caplog.text
    assert idle(till)


def test_an_answer_too_few_is_a_failure_not_a_wrong_answer():
    till = Till()
    till.answer = lambda wishes: [wish * 10 for wish in wishes][: len(wishes) - (len(wishes) > 1)]
    assert behind_a_leader(till, [1, 2]) == {0: 0, 1: 10, 2: 20}


def test_a_leader_who_is_told_to_stop_leaves_nobody_waiting():
    till = Till()

    def answer(wishes):
        if wishes == [1, 2, 3]:
            raise SystemExit
        return [wish * 10 for wish in wishes]

    till.answer = answer
    answers = behind_a_leader(till, [1, 2, 3])
    assert isinstance(answers.pop(1), SystemExit)
    assert answers == {0: 0, 2: 20, 3: 30}
    assert idle(till)


def test_a_leader_that_dies_without_a_word_is_noticed(monkeypatch):
    """As after os.fork or a thread killed from C: no finally ran, the thread is simply gone."""
    monkeypatch.setattr(shared_transaction, "CHECK_SECONDS", 0.01)
    till = Till()
    gone = threading.Thread(target=lambda: None)
    gone.start()
    gone.join()
    dead = shared_transaction._Call(9)
    dead.thread, dead.taken_by = gone, gone
    till.shared._leader = dead
    lost = shared_transaction._Call(8)  # in the round that the dead leader had taken
    lost.taken_by = gone
    assert till.shared._wait_to_lead(lost) is False
    threads, answers = asking_at_once(till, [1, 2, 3])
    join(threads)
    assert answers == {1: 10, 2: 20, 3: 30}
    assert idle(till)


def asking_at_once(till, wishes):
    answers = {}
    threads = [
        threading.Thread(target=lambda wish=wish: answers.update({wish: till.shared.ask(wish)}))
        for wish in wishes
    ]
    for thread in threads:
        thread.start()
    return threads, answers


def test_who_is_interrupted_while_waiting_leaves_the_queue():
    till = Till()
    till.go_on.clear()
    leader = threading.Thread(target=till.shared.ask, args=(0,))
    leader.start()
    assert till.began.wait(timeout=LONG)
    call = shared_transaction._Call(1)
    assert not till.shared._enter(call)
    till.shared._leave(call)
    till.go_on.set()
    join([leader])
    assert till.rounds == [[0]]
    assert idle(till)


def test_inside_a_transaction_nothing_is_shared():
    till = Till()
    till.shared._inside_a_transaction = lambda: True
    till.shared._leader = shared_transaction._Call(0)  # somebody leads for ever
    assert till.shared.ask(3) == 30


def test_a_forked_child_starts_with_an_empty_queue():
    till = Till()
    till.shared._leader = shared_transaction._Call(0)
    till.shared._lock.acquire()
    shared_transaction._forget_all()
    assert till.shared.ask(3) == 30


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_a_crowd_is_answered_once_each(limit):
    till = Till(most_at_once=limit)
    threads, answers = asking_at_once(till, list(range(1, 200)))
    join(threads)
    assert answers == {wish: wish * 10 for wish in range(1, 200)}
    carried_out = [wish for one in till.rounds for wish in one]
    assert sorted(carried_out) == list(range(1, 200))
    assert max(map(len, till.rounds)) <= limit
    assert idle(till)
