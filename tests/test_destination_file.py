"""Does the built-in destination write whole lines, once, and no more than the folder may hold?"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analytics_platform.destinations.file import File, build
from tests.outgoing import NOW, now, terms, tracks
from tests.programs import start


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the lines go; it is not there yet."""
    return tmp_path / "data" / "delivered"


def deliver(folder: Path, day: int, size: int, max_bytes: int) -> None:
    """Deliver one call of about so many bytes on this day of March."""
    event = tracks(f"m-{day}", name="x" * size)
    File(folder, 10, lambda: datetime(2026, 3, day, tzinfo=UTC), max_bytes).send(event)


def names(folder: Path) -> list[str]:
    """The files in the folder."""
    return sorted(file.name for file in folder.iterdir())


def test_each_call_is_a_line_in_the_file_of_the_day(folder: Path) -> None:
    """As it is stored, in order, after what is there already."""
    events = tracks("a", "b", properties={"name": "Zoë"})

    File(folder, 10, now).send(events[:1])
    File(folder, 10, now).send(events[1:])

    assert names(folder) == ["2026-03-04.jsonl"]
    lines = (folder / "2026-03-04.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines == [each.event.payload for each in events]


def test_a_day_begins_at_midnight_utc(folder: Path) -> None:
    """The clock decides, not the event."""
    deliver(folder, 1, 10, 1000)
    deliver(folder, 2, 10, 1000)

    assert names(folder) == ["2026-03-01.jsonl", "2026-03-02.jsonl"]


def test_the_oldest_days_make_room(folder: Path) -> None:
    """The folder holds no more than it may."""
    for day in (1, 2, 3, 4):
        deliver(folder, day, 1000, 3000)

    assert names(folder) == ["2026-03-03.jsonl", "2026-03-04.jsonl"]
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 3000


def test_a_day_that_is_too_large_begins_anew(folder: Path) -> None:
    """Also a single day stays within the bound, as far as one request does."""
    for _ in range(4):
        deliver(folder, 1, 1000, 3000)
    deliver(folder, 1, 5000, 3000)

    (line,) = (folder / "2026-03-01.jsonl").read_text().splitlines()
    assert len(line) > 5000


def test_other_files_are_left_alone(folder: Path) -> None:
    """What is not ours is neither counted nor removed."""
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("x" * 5000)

    deliver(folder, 1, 1000, 3000)
    deliver(folder, 2, 1000, 3000)

    assert names(folder) == ["2026-03-01.jsonl", "2026-03-02.jsonl", "notes.txt"]


def test_a_folder_that_cannot_be_written_is_a_vendor_that_is_down(folder: Path) -> None:
    """The events wait, and the reason says which path."""
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be")

    outcome = File(folder, 10, now).send(tracks("a"))

    assert (outcome.kind, outcome.reason) == ("retry", f"{folder}/2026-03-04.jsonl: File exists")


def test_lines_of_several_writers_do_not_mix(folder: Path) -> None:
    """A drain and a replay are two processes, each with several lanes."""
    writers = [File(folder, 10, now) for _ in range(4)]
    events = tracks(*(f"m-{number}" for number in range(80)), name="x" * 20_000)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda pair: pair[0].send([pair[1]]), zip(writers * 20, events, strict=True)))

    lines = (folder / "2026-03-04.jsonl").read_text().splitlines()
    assert sorted(lines) == sorted(each.event.payload for each in events)


@pytest.mark.parametrize("torn", ['{"messageId": "to', "x" * 200_000])
def test_what_a_killed_writer_has_left_is_taken_back(folder: Path, torn: str) -> None:
    """Its event was never confirmed, and comes again; the next line begins a line."""
    File(folder, 10, now).send(tracks("a"))
    (file,) = folder.iterdir()
    with file.open("a") as half:
        half.write(torn)

    File(folder, 10, now).send(tracks("b"))

    assert [json.loads(line)["messageId"] for line in file.read_text().splitlines()] == ["a", "b"]


def test_a_file_with_nothing_but_half_a_line_begins_anew(folder: Path) -> None:
    """There is no whole line to keep."""
    folder.mkdir(parents=True)
    (folder / "2026-03-04.jsonl").write_text('{"messageId": "to')

    File(folder, 10, now).send(tracks("b"))

    assert [json.loads(line)["messageId"] for line in (folder / "2026-03-04.jsonl").read_text().splitlines()] == ["b"]


def test_room_is_made_by_one_writer_at_a_time(folder: Path) -> None:
    """Two that counted at once would both remove, or both write."""
    folder.mkdir(parents=True)
    (folder / "2026-03-01.jsonl").write_text("x" * 2000 + "\n")
    writers = [File(folder, 10, now, 3000) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda writer: writer.send(tracks("a", name="x" * 1000)), writers * 10))

    assert {outcome.kind for outcome in outcomes} == {"delivered"}
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 3000


@pytest.mark.parametrize(("name", "place"), [("file", "."), ("archive", "archive")])
def test_each_destination_has_its_folder(tmp_path: Path, name: str, place: str) -> None:
    """The built-in one the folder itself, others one below it: two would take each other's lines for their own."""
    destination = build(replace(terms(""), name=name, folder=tmp_path))

    destination.send(tracks("a"))

    assert names(tmp_path / place) == ["2026-03-04.jsonl"]


def test_a_full_disk_leaves_no_half_line(folder: Path) -> None:
    """What could not be written whole is taken back; once there is room, the next line begins a line."""
    said, errors = start("fill_file", str(folder)).communicate(timeout=60)

    assert (said, errors) == ("delivered\nretry: File too large\nretry: File too large\ndelivered\n", "")
    (file,) = folder.iterdir()
    assert [json.loads(line)["messageId"] for line in file.read_text().splitlines()] == ["first", "again"]


def test_lines_bear_the_time_of_delivery_in_their_files_name_alone(folder: Path) -> None:
    """The call is not changed on its way."""
    (event,) = tracks("a")

    File(folder, 10, lambda: NOW).send([event])

    (file,) = folder.iterdir()
    assert json.loads(file.read_text()) == dict(event.call)
