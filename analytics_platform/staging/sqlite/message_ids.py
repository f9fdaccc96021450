"""Knows which messageIds the log has, with an index that trails behind the log.

An index of hashes is written at a random place for each event, which costs more than the event itself, and ever more
as the index grows. So the newest hashes are kept in memory, and put into the index, `message_ids`, a slice of all
possible hashes at a time: the hashes of a slice lie side by side there, and share their pages. `folded` says of each
slice up to which event of the log it is in the index. Whatever is beyond, a process that starts reads from the log.
"""

import json
import sqlite3
from collections.abc import Sequence
from hashlib import blake2b

from analytics_platform.staging.base import Entry

SLICES = 256  # by a hash's first byte
RECENT = 128 * 1024  # hashes in memory, about 20 MB
FOLDS_AT_ONCE = 8
MOST_HASHES = 512  # in one statement

FIRST_SEQ = "SELECT coalesce((SELECT min(seq) FROM events), head + 1) FROM log"
APPENDED = "SELECT seq, message_hash FROM events WHERE seq > ?"
INDEX = "INSERT OR IGNORE INTO message_ids VALUES {rows}"
FOLDED = "SELECT folded FROM log"
FOLD = "UPDATE log SET folded = ?"


class MessageIds:
    """The hashes that one process knows; used by one thread at a time.

    `head` is the seq up to which it knows the log, less than 0 as long as it knows nothing of it.
    """

    def __init__(self, most: int = RECENT) -> None:
        """`most` is how many hashes are kept in memory, or little more."""
        self._most = most
        self.head = -1
        self._folded: list[int] = []
        self._recent: list[dict[bytes, int]] = [{} for _ in range(SLICES)]  # hashes with their events' seq
        self._count = 0

    def are_unheard_of(self, hashes: Sequence[bytes]) -> bool:
        """Whether all differ and none is in memory; the index, and what others have appended, is not asked."""
        recent = self._recent
        return len({*hashes}) == len(hashes) and not any(each in recent[each[0]] for each in hashes)

    def catch_up(self, db: sqlite3.Connection) -> None:
        """Learn what others have appended; inside the transaction that is to append, before it does."""
        (head,) = db.execute("SELECT head FROM log").fetchone()
        if self.head < 0:
            self._folded = _folded(db)
            self.head = min(self._folded)
        if head != self.head:
            self._keep(db.execute(APPENDED, (self.head,)).fetchall())
            self.head = head

    def known(self, db: sqlite3.Connection, hashes: Sequence[bytes]) -> set[bytes]:
        """Those that the log has; when caught up, inside the same transaction."""
        (first,) = db.execute(FIRST_SEQ).fetchone()  # what is purged is not known any more
        known = {each for each in hashes if self._recent[each[0]].get(each, -1) >= first}
        rest = [each for each in hashes if each not in known]
        for start in range(0, len(rest), MOST_HASHES):
            some = rest[start : start + MOST_HASHES]
            marks = ", ".join("?" * len(some))
            query = f"SELECT hash FROM message_ids WHERE hash IN ({marks})"  # noqa: S608 - question marks alone
            known.update(found for (found,) in db.execute(query, some))
        return known

    def note(self, hashes: Sequence[bytes]) -> None:
        """Remember what has been appended behind `head`; when it is committed."""
        self._keep(list(enumerate(hashes, self.head + 1)))
        self.head += len(hashes)

    def are_many(self) -> bool:
        """Whether it is time to fold."""
        return self._count > self._most

    def fold(self, db: sqlite3.Connection) -> list[int]:
        """Put the slice into the index that has waited longest for it; gives what to `forget` when it is committed."""
        folded = _folded(db)
        if folded == self._folded:  # by nobody else in the meantime
            place = folded.index(min(folded))
            (first,) = db.execute(FIRST_SEQ).fetchone()
            hashes = sorted(each for each, seq in self._recent[place].items() if seq >= first)
            for start in range(0, len(hashes), MOST_HASHES):
                some = hashes[start : start + MOST_HASHES]
                db.execute(INDEX.format(rows=", ".join(["(?)"] * len(some))), some)
            folded[place] = self.head
            db.execute(FOLD, (json.dumps(folded),))
        return folded

    def forget(self, folded: list[int]) -> None:
        """Give up the hashes that are in the index: of each slice those up to a seq."""
        for place, (before, seq) in enumerate(zip(self._folded, folded, strict=True)):
            if before != seq:
                kept = {each: at for each, at in self._recent[place].items() if at > seq}
                self._count -= len(self._recent[place]) - len(kept)
                self._recent[place] = kept
        self._folded = folded

    def _keep(self, appended: Sequence[tuple[int, bytes]]) -> None:
        for seq, each in appended:
            of_slice = self._recent[each[0]]
            if seq > self._folded[each[0]]:
                self._count += each not in of_slice
                of_slice[each] = seq


def message_hash(entry: Entry) -> bytes:
    """16 bytes that stand for a messageId within its source."""
    return blake2b(f"{entry.source}\0{entry.message_id}".encode(), digest_size=16).digest()


def _folded(db: sqlite3.Connection) -> list[int]:
    return [int(seq) for seq in json.loads(db.execute(FOLDED).fetchone()[0])]
