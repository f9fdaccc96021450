"""Is a vendor's answer shown without keys and without what events say?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.delivery.words import HIDDEN, SHOWN, VOCABULARY, words


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('{"error":"Missing required field: user_id"}', '{"error":"Missing required field: user_id"}'),
        ('{"code":400,"error":"Invalid API key: 1234abc"}', f'{{"code":400,"error":"Invalid API key: {HIDDEN}"}}'),
        ("user jane@example.com of 4711 paid 99.50", f"user {HIDDEN} of {HIDDEN}"),
        ("<h1>502 Bad Gateway</h1>", f"<{HIDDEN}>502 Bad {HIDDEN}<{HIDDEN}>"),
        (None, ""),
    ],
)
def test_what_is_not_in_the_vocabulary_is_hidden(answer: str | None, expected: str) -> None:
    """Amplitude echoes the key; others quote the event."""
    assert words(answer) == expected


@given(st.text())
def test_nothing_shines_through_whatever_is_said(answer: str) -> None:
    """Letters and digits are those of the vocabulary, or of a status."""
    shown = words(answer)

    assert len(shown) <= SHOWN
    assert {word.lower() for word in shown.split() if word.isalpha()} <= VOCABULARY


def test_a_key_that_looks_like_words_is_hidden() -> None:
    """What is joined by other characters than the vocabulary's is another word."""
    assert words("invalid-key event.user user/id") == HIDDEN
