import pytest

from server.access import Scope, Tokens
from server.api.login import LoginCodes, RateLimit, Sessions
from server.errors import AccessDenied

pytestmark = pytest.mark.unit

TOKENS = Tokens(b"k" * 32)


def test_a_code_signs_in_once_for_reading() -> None:
    codes = LoginCodes(TOKENS)
    code = codes.new()
    assert codes.redeem(code).scopes == {Scope.READ}
    with pytest.raises(AccessDenied, match="used"):
        codes.redeem(code)


def test_a_code_of_another_process_with_the_same_keys_is_good() -> None:
    assert LoginCodes(TOKENS).redeem(LoginCodes(Tokens(b"k" * 32)).new()).subject == "viewer"


def test_a_code_is_no_token() -> None:
    grant = TOKENS.verify(LoginCodes(TOKENS).new())
    assert not any(grant.allows(scope) for scope in (Scope.READ, Scope.PUBLISH, Scope.ADMIN))


@pytest.mark.parametrize("subject", ["viewer", "login", "admin"])
def test_a_token_is_no_code(subject: str) -> None:
    with pytest.raises(AccessDenied):
        LoginCodes(TOKENS).redeem(TOKENS.issue(subject, [Scope.ADMIN]))


def test_forged_and_expired_codes_are_refused() -> None:
    with pytest.raises(AccessDenied):
        LoginCodes(TOKENS).redeem(LoginCodes(Tokens(b"x" * 32)).new())
    expired = TOKENS.issue("login-code:abc", [Scope.PUBLIC], lifetime_s=-1)
    with pytest.raises(AccessDenied):
        LoginCodes(TOKENS).redeem(expired)


def test_an_ended_session_is_refused_and_others_go_on() -> None:
    sessions = Sessions(TOKENS)
    grant = TOKENS.verify(TOKENS.issue("viewer", [Scope.READ]))
    one, other = sessions.open(grant), sessions.open(grant)
    sessions.end(one)
    with pytest.raises(AccessDenied, match="sign in again"):
        sessions.verify(one)
    assert sessions.verify(other).scopes == {Scope.READ}


def test_a_cookie_is_no_token() -> None:
    sessions = Sessions(TOKENS)
    cookie = sessions.open(TOKENS.verify(TOKENS.issue("viewer", [Scope.READ])))
    with pytest.raises(AccessDenied, match="cookie"):
        sessions.verify_token(cookie)
    assert sessions.verify_token(TOKENS.issue("viewer", [Scope.READ])).scopes == {Scope.READ}


def test_forged_cookies_do_not_push_ended_sessions_out_of_memory() -> None:
    sessions = Sessions(TOKENS)
    cookie = sessions.open(TOKENS.verify(TOKENS.issue("viewer", [Scope.READ])))
    sessions.end(cookie)
    for number in range(5000):
        sessions.end(f"forged-{number}")
    with pytest.raises(AccessDenied, match="sign in again"):
        sessions.verify(cookie)


def test_failures_are_limited_per_address(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("server.api.login.time.monotonic", lambda: now)
    limit = RateLimit(count=3, period_s=60.0)
    for _ in range(3):
        assert limit.wait_s("a") == 0
        limit.failed("a")
    assert limit.wait_s("a") == 60
    assert limit.wait_s("b") == 0
    now += 61
    assert limit.wait_s("a") == 0
