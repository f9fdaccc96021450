"""What stays of a part's output?"""

from io import BytesIO
from pathlib import Path

from analytics_platform.supervisor.part_log import KEPT_FILES, MAX_BYTES, PartLog

WAIT = 30.0  # seconds


def follow(path: Path, *outputs: bytes) -> PartLog:
    """The log of a part that printed this, and was started again for each further output."""
    log = PartLog(path)
    for output in outputs:
        log.follow(BytesIO(output))
        log.catch_up(WAIT)
    log.close()
    return log


def test_all_output_of_all_starts_is_in_one_file(tmp_path: Path) -> None:
    """In its order."""
    follow(tmp_path / "log", b"one\ntwo\n", b"three")

    assert (tmp_path / "log").read_text() == "one\ntwo\nthree\n"


def test_the_last_line_is_the_last_one_that_says_something(tmp_path: Path) -> None:
    """Tracebacks of some libraries end with empty lines."""
    log = follow(tmp_path / "log", b"Traceback\nValueError: no\n\n \n")

    assert log.last_line == "ValueError: no"


def test_the_last_line_is_never_that_of_an_earlier_start(tmp_path: Path) -> None:
    """A part that now dies in silence must not be explained by its former life."""
    log = follow(tmp_path / "log", b"an old error\n", b"")

    assert log.last_line == ""


def test_colours_and_control_characters_are_left_out(tmp_path: Path) -> None:
    """The file is for grep, and the last line goes to a terminal, which obeys such characters."""
    log = follow(tmp_path / "log", b"\x1b[32mINFO\x1b[0m a\tb \x07\x1b]0;title\x07\xff\n")

    assert log.last_line == "INFO a\tb ]0;title�"


def test_the_files_of_a_part_are_bounded(tmp_path: Path) -> None:
    """Whatever a part prints, and however long its lines are: the newest stays, the oldest goes."""
    chunk = b"x" * 1_000_000
    outputs = [chunk] * ((KEPT_FILES + 3) * MAX_BYTES // len(chunk))

    follow(tmp_path / "log", *outputs, b"the newest\n")

    files = [*tmp_path.iterdir()]
    assert len(files) == 1 + KEPT_FILES
    assert max(file.stat().st_size for file in files) <= MAX_BYTES
    assert (tmp_path / "log").read_text().endswith("the newest\n")


def test_a_part_goes_on_where_its_log_cannot_be_written(tmp_path: Path) -> None:
    """Its output is read all the same: a full pipe would stop it."""
    output = BytesIO(b"one\ntwo\n")
    log = PartLog(tmp_path / "no such folder" / "log")
    (tmp_path / "no such folder").touch()

    log.follow(output)
    log.catch_up(WAIT)

    assert output.closed
    assert log.last_line == "two"
