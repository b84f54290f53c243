"""Callers at the same moment share one database transaction instead of queueing for one row.

A durable transaction waits for the disk while it holds its locks, so a counter that everybody wants
moves only once per disk write. When fifty callers share the transaction, it moves fifty times.

How: a caller puts its wish into a queue. If nobody leads, it leads: it takes the queue's first
wishes, its own among them, carries them out together on its own connection and hands every caller
its answer. Then the first of those who came meanwhile leads. A caller leads once, for one round, so
nobody works for the others for longer than that ("flat combining": Hendler, Incze, Shavit and
Tzafrir, SPAA 2010). A single caller finds an empty queue and pays for a lock and a list, no more.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import connection

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")
logger = logging.getLogger(__name__)

# More wishes in one round make each caller wait longer and save little: the disk write is shared.
MOST_AT_ONCE = 100
# How often somebody who waits makes sure that the leader's thread still lives.
CHECK_SECONDS = 1.0


class _Call(Generic[Wish, Answer]):
    """One caller's wish and what became of it. No outcome: its caller carries it out alone."""

    __slots__ = ("outcome", "taken_by", "thread", "wish", "woken")

    def __init__(self, wish: Wish):
        self.wish = wish
        self.outcome: Answer | Exception | None = None
        self.thread = threading.current_thread()
        self.taken_by: threading.Thread | None = None  # the leader of its round
        self.woken = threading.Lock()
        self.woken.acquire()  # released to wake the caller; cheaper than an Event


class SharedTransaction(Generic[Wish, Answer]):
    """`ask(wish)` answers as if the wishes were carried out one after the other, as they came.

    together: takes the wishes of one round and returns, in the same order, an answer for each or the
    exception that this wish alone deserves. It either commits all of it or raises and commits nothing.
    When it raises, each wish is carried out alone, by its own caller: one that breaks the
    transaction for everybody spoils it only for itself, and each gets its own honest answer.
    """

    def __init__(
        self,
        together: Callable[[Sequence[Wish]], Sequence[Answer | Exception]],
        *,
        most_at_once: int = MOST_AT_ONCE,
        inside_a_transaction: Callable[[], bool] = lambda: connection.in_atomic_block,
    ):
        self._together = together
        self._most_at_once = most_at_once
        self._inside_a_transaction = inside_a_transaction
        self._lock = threading.Lock()
        self._waiting: deque[_Call[Wish, Answer]] = deque()
        self._leader: _Call[Wish, Answer] | None = None
        _kept.add(self)

    def ask(self, wish: Wish) -> Answer:
        """The answer to one wish. Raises what `together` returned or raised for it."""
        if self._inside_a_transaction():
            # Shared work must not become part of a transaction that may still be rolled back.
            return self._alone(wish)
        call: _Call[Wish, Answer] = _Call(wish)
        try:
            if self._enter(call) or self._wait_to_lead(call):
                self._lead(call)
        finally:
            self._leave(call)
        if call.outcome is None:
            return self._alone(wish)
        return _given(call.outcome)

    def _enter(self, call: _Call[Wish, Answer]) -> bool:
        """Queue up. True: nobody leads, so this caller does."""
        with self._lock:
            self._waiting.append(call)
            if self._leader is not None:
                return False
            self._leader = call
            return True

    def _wait_to_lead(self, call: _Call[Wish, Answer]) -> bool:
        """Wait to be answered (False) or to be the next leader (True)."""
        while not call.woken.acquire(timeout=CHECK_SECONDS):
            with self._lock:
                leader = self._leader.thread if self._leader else None
                worker = call.taken_by or leader
                if worker is None or not worker.is_alive():
                    # That thread is gone without a word. What it had committed is found by its
                    # key, so carrying this wish out alone is safe.
                    self._leader = None if leader is worker else self._leader
                    return False
        return call is self._leader

    def _lead(self, call: _Call[Wish, Answer]) -> None:
        round_ = self._take_round()
        try:
            outcomes = self._together([one.wish for one in round_])
            for one, outcome in zip(round_, outcomes, strict=True):
                one.outcome = outcome
        except Exception:
            # Nothing is hidden: everybody tries alone and gets the error that is theirs.
            logger.warning("%d shared wishes are carried out alone", len(round_), exc_info=True)
        finally:
            # Also when this thread is told to stop: nobody may wait for a leader who left.
            self._leave(call)
            for one in round_:
                one.woken.release()

    def _take_round(self) -> list[_Call[Wish, Answer]]:
        """The longest waiting; the leader is the first of them."""
        with self._lock:
            size = min(len(self._waiting), self._most_at_once)
            round_ = [self._waiting.popleft() for _number in range(size)]
            for one in round_:
                one.taken_by = threading.current_thread()
            return round_

    def _leave(self, call: _Call[Wish, Answer]) -> None:
        """Lead no longer, wait no longer; whoever has waited longest leads next."""
        with self._lock:
            if call.taken_by is None:
                self._waiting.remove(call)  # interrupted while it waited
            if self._leader is call:
                self._leader = None
            if self._leader is None and self._waiting:
                self._leader = self._waiting[0]
                self._leader.woken.release()

    def _alone(self, wish: Wish) -> Answer:
        [outcome] = self._together([wish])
        return _given(outcome)

    def _forget(self) -> None:
        """A new queue. A forked child starts with it: the threads of the old one stayed behind."""
        self._lock, self._waiting, self._leader = threading.Lock(), deque(), None


def _given(outcome: Answer | Exception) -> Answer:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


_kept: weakref.WeakSet[SharedTransaction] = weakref.WeakSet()


def _forget_all() -> None:
    for shared in _kept:
        shared._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
