"""What do other processes see of a note?"""

import os
import signal
from itertools import count

import pytest

from ingest_api.board import NOTE_BYTES, Slot, board


@pytest.fixture
def slot() -> Slot:
    """A slot of its own."""
    return board(1)[0]


def test_there_is_no_note_before_the_first(slot: Slot) -> None:
    """A process that has just begun has nothing to show."""
    assert slot.read() is None


def test_the_last_note_counts(slot: Slot) -> None:
    """Whether it is shorter or longer than the one before."""
    read = []
    for note in (b"first", b"the second", b"3rd", b""):
        slot.write(note)
        read.append(slot.read())

    assert read == [b"first", b"the second", b"3rd", b""]


def test_a_note_that_is_too_long_leaves_the_last_one(slot: Slot) -> None:
    """Rather than half of it."""
    slot.write(b"x" * NOTE_BYTES)

    with pytest.raises(ValueError, match="has no room"):
        slot.write(b"y" * (NOTE_BYTES + 1))

    assert slot.read() == b"x" * NOTE_BYTES


def test_slots_are_apart() -> None:
    """Each process has its own."""
    first, second = board(2)

    first.write(b"first")

    assert second.read() is None


def test_a_process_that_is_killed_while_it_writes_leaves_a_whole_note(slot: Slot) -> None:
    """And what another process has written is seen at once, with no part of one note in another."""
    pid = os.fork()
    if not pid:
        for n in count():
            slot.write(b"%d;" % (n % 10) * (1000 + n % 500))
    seen = [note for _ in range(2000) if (note := slot.read()) is not None]
    while slot.read() is None:
        pass
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

    last = slot.read()

    assert last is not None
    assert {len({*note.split(b";")[:-1]}) for note in (*seen, last)} == {1}
