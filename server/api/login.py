"""Signing in: one-time codes, sessions of browsers, and a limit on guessing."""

import contextlib
import hashlib
import secrets
import time
from collections import OrderedDict

from server.access import Grant, Scope, Tokens
from server.errors import AccessDenied

CODE_LIFETIME_S = 600.0
SESSION_LIFETIME_S = 12 * 3600.0
_CODE = "login-code:"
_MARK = "#"
"""Stands in the subject of every session, and of nothing else."""
_REMEMBERED = 4096


class LoginCodes:
    """Codes that sign one browser in, once, for reading.

    A code is a short-lived token without any scope of its own, so any process with the key folder can issue
    one and only the process that serves the pages can redeem it.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._used = _Remembered()

    def new(self) -> str:
        """A fresh code, good for ten minutes; put it into the fragment of the viewer's address, `/#code=…`."""
        return self._tokens.issue(
            _CODE + secrets.token_urlsafe(12), [Scope.PUBLIC], lifetime_s=CODE_LIFETIME_S
        )

    def redeem(self, code: str) -> Grant:
        """What the code allows; raises `AccessDenied` for a forged, expired or used one."""
        subject = self._tokens.verify(code).subject
        if not subject.startswith(_CODE) or subject in self._used:
            raise AccessDenied("the code was used already; ask for a new one, or sign in with a token")
        self._used.add(subject, CODE_LIFETIME_S)
        return Grant("viewer", frozenset({Scope.READ}))


class Sessions:
    """Checks tokens, and makes and ends the cookies of signed-in browsers."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._ended = _Remembered()

    def open(self, grant: Grant) -> str:
        """A cookie value that carries `grant` for twelve hours."""
        subject = f"{grant.subject}{_MARK}{secrets.token_urlsafe(6)}"
        return self._tokens.issue(
            subject, sorted(grant.scopes), lifetime_s=SESSION_LIFETIME_S, person=grant.person
        )

    def verify(self, cookie: str) -> Grant:
        """What the cookie allows; raises `AccessDenied`, also after `end`."""
        if _digest(cookie) in self._ended:
            raise AccessDenied("this session was ended; sign in again")
        return self._tokens.verify(cookie)

    def verify_token(self, token: str) -> Grant:
        """What a token allows that is no cookie; raises `AccessDenied`.

        A cookie counts as a cookie only: it can be ended, is bound to this origin, and buys no second session.
        """
        grant = self._tokens.verify(token)
        if _MARK in grant.subject:
            raise AccessDenied("this is the cookie of a session, not a token; sign in with a token")
        return grant

    def end(self, cookie: str) -> Grant | None:
        """Refuse the cookie from now on, and say whose it was; one that is refused anyway takes no memory."""
        with contextlib.suppress(AccessDenied):
            grant = self.verify(cookie)
            self._ended.add(_digest(cookie), SESSION_LIFETIME_S)
            return grant
        return None


class RateLimit:
    """At most `count` failures per `period_s` and address."""

    def __init__(self, count: int = 10, period_s: float = 60.0) -> None:
        self._count = count
        self._period_s = period_s
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """How long `address` must wait before its next try; 0: not at all."""
        recent = self._recent(address)
        if len(recent) < self._count:
            return 0.0
        return max(0.0, recent[-self._count] + self._period_s - time.monotonic())

    def failed(self, address: str) -> None:
        """Count a failure."""
        self._failures[address] = [*self._recent(address), time.monotonic()][-self._count :]
        self._failures.move_to_end(address)
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)

    def _recent(self, address: str) -> list[float]:
        oldest = time.monotonic() - self._period_s
        return [at for at in self._failures.get(address, []) if at > oldest]


class _Remembered:
    """Texts that are remembered for a time; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()

    def __contains__(self, text: str) -> bool:
        return self._until.get(text, 0.0) > time.monotonic()

    def add(self, text: str, lifetime_s: float) -> None:
        self._until[text] = time.monotonic() + lifetime_s
        while len(self._until) > _REMEMBERED:
            self._until.popitem(last=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
