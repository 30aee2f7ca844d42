"""Pauses grow, stay bounded and never fall together."""

import pytest

from server.outbox.backoff import pause_s

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("failures", "longest"), [(0, 1), (1, 1), (2, 2), (5, 16), (7, 60), (10_000, 60)])
def test_pauses_are_doubled_up_to_a_limit(failures: int, longest: float) -> None:
    pauses = {pause_s(failures, 60.0) for _ in range(200)}
    assert longest / 2 <= min(pauses) <= max(pauses) <= longest
    assert len(pauses) > 100
