"""Finds the word that somebody meant to write."""

from collections.abc import Iterable, Iterator

_LONGEST = 100  # characters; more are no slip of the pen
_SHORTEST = 4  # characters, without signs; of a shorter word, one with a slip is another word


class Spelling:
    """The words that are known.

    A word is recognised in another case or convention (`reportId` for report_id), with its parts in another order, or
    with a slip, in one of several parts or in each: a letter left out, put in, exchanged, or swapped with the next one.
    To ask costs microseconds, however many words are known: whoever sends nonsense must not keep the process busy.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Of two words that look alike, the first one is found."""
        self._same: dict[str, str] = {}
        self._near: dict[str, str] = {}
        self._parts: dict[str, str] = {}
        for word in words:
            plain = plainly(word)
            for same in _likenesses(word):
                self._same.setdefault(same, word)
            for slip in _slips(plain):
                self._near.setdefault(slip, word)
            for part in _parts(word):
                self._parts[part] = part
        for part in [*self._parts]:
            for slip in _slips(part):
                self._parts.setdefault(slip, part)

    def closest(self, word: str) -> str | None:
        """The known word that this one is most likely a misspelling of."""
        word = word[:_LONGEST]
        for same in _likenesses(word):
            if same in self._same:
                return self._same[same]
        near = next((self._near[slip] for slip in _slips(plainly(word)) if slip in self._near), None)
        return near or self._same.get(_in_order(map(self._known_part, _parts(word))))

    def hint(self, word: str) -> str:
        """What follows a complaint about a word that is not known: `: did you mean report_id?`, or nothing."""
        closest = self.closest(word)
        return f": did you mean {closest}?" if closest else ""

    def _known_part(self, part: str) -> str:
        """The part of a known word that this one is a misspelling of; itself where it is none."""
        return next((self._parts[each] for each in (part, *_slips(part)) if each in self._parts), part)


def plainly(word: str) -> str:
    """A word without its case and signs."""
    return "".join(filter(str.isalnum, word.lower()))


def _likenesses(word: str) -> Iterator[str]:
    """What is the same for two spellings of a word: `reportcreated`, and its parts in order, `created report`."""
    if plain := plainly(word):
        yield plain
    if len(parts := _parts(word)) > 1:
        yield _in_order(parts)


def _parts(word: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in word.lower()).split()


def _in_order(parts: Iterable[str]) -> str:
    return " ".join(sorted(parts))


def _slips(plain: str) -> Iterator[str]:
    """The word, and the word without each of its letters: two words that share one of these differ by a slip."""
    if len(plain) >= _SHORTEST:
        yield plain
        for place in range(len(plain)):
            yield plain[:place] + plain[place + 1 :]
