"""Shows other processes what a process has counted, in memory that they share."""

import mmap
import struct
import zlib
from dataclasses import dataclass

NOTE_BYTES = 1024 * 1024  # the longest; memory that is never written to costs none
COUNT = struct.Struct("<Q")  # notes written so far
HEADER = struct.Struct("<QI")  # of a note: its length, its checksum
PLACE_BYTES = HEADER.size + NOTE_BYTES
SLOT_BYTES = mmap.PAGESIZE + 2 * PLACE_BYTES
LOOKS = 5  # at a note that is just being replaced


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one process's note, which only it writes and anybody reads at any time.

    It has two places, of which the one is written while the other is read. So a process that is killed while it
    writes leaves its last note whole.
    """

    memory: mmap.mmap

    def write(self, note: bytes) -> None:
        """Put a note in the place of the last one; raises ValueError when it is too long."""
        if len(note) > NOTE_BYTES:
            raise ValueError(f"a note of {len(note)} bytes has no room: {NOTE_BYTES} is the most")
        count = self._count() + 1
        start = self._start(count)
        header = HEADER.pack(len(note), zlib.crc32(note))
        self.memory[start : start + len(header) + len(note)] = header + note
        self.memory[: COUNT.size] = COUNT.pack(count)

    def read(self) -> bytes | None:
        """The last note; None before there is one."""
        for _ in range(LOOKS):
            count = self._count()
            if not count:
                return None
            start = self._start(count)
            length, checksum = HEADER.unpack_from(self.memory, start)
            note = self.memory[start + HEADER.size : start + HEADER.size + min(length, NOTE_BYTES)]
            if zlib.crc32(note) == checksum:
                return note
        return None

    def _count(self) -> int:
        count: int = COUNT.unpack_from(self.memory)[0]
        return count

    @staticmethod
    def _start(count: int) -> int:
        return mmap.PAGESIZE + (count % 2) * PLACE_BYTES


def board(slots: int) -> tuple[Slot, ...]:
    """So many slots, shared with all processes that are forked from now on."""
    return tuple(Slot(mmap.mmap(-1, SLOT_BYTES)) for _ in range(slots))
