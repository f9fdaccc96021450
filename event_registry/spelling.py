"""Finds the word that somebody meant to write."""

from collections.abc import Iterable, Iterator

_LONGEST = 100  # characters; more are no slip of the pen
_SHORTEST = 4  # characters, without signs; of a shorter word, one with a slip is another word


class Spelling:
    """The words that are known.

    A word is recognised in another case or convention (`reportId` for report_id), with its parts in another order, or
    with a slip: a letter left out, put in, exchanged, or swapped with the next one. To ask costs microseconds, however
    many words are known: whoever sends nonsense must not keep the process busy.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Of two words that look alike, the first one is found."""
        self._same: dict[str, str] = {}
        self._near: dict[str, str] = {}
        for word in words:
            plain = plainly(word)
            for same in _likenesses(word):
                self._same.setdefault(same, word)
            for slip in _slips(plain):
                self._near.setdefault(slip, word)

    def closest(self, word: str) -> str | None:
        """The known word that this one is most likely a misspelling of."""
        word = word[:_LONGEST]
        for same in _likenesses(word):
            if same in self._same:
                return self._same[same]
        return next((self._near[slip] for slip in _slips(plainly(word)) if slip in self._near), None)


def plainly(word: str) -> str:
    """A word without its case and signs."""
    return "".join(filter(str.isalnum, word.lower()))


def _likenesses(word: str) -> Iterator[str]:
    """What is the same for two spellings of a word: `reportcreated`, and its parts in order, `created report`."""
    if plain := plainly(word):
        yield plain
    parts = "".join(char if char.isalnum() else " " for char in word.lower()).split()
    if len(parts) > 1:
        yield " ".join(sorted(parts))


def _slips(plain: str) -> Iterator[str]:
    """The word, and the word without each of its letters: two words that share one of these differ by a slip."""
    if len(plain) >= _SHORTEST:
        yield plain
        for place in range(len(plain)):
            yield plain[:place] + plain[place + 1 :]
