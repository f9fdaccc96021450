"""Is a word for nobody noticed where a person's id should be?"""

import pytest

from ingest_api.placeholders import check_placeholders
from tests.running_api import Api, track

pytest_plugins = ["tests.ingest_fixtures"]


@pytest.mark.parametrize(
    "word", ["undefined", "null", "NULL", "[object Object]", "0", "00000000-0000-0000-0000-000000000000"]
)
@pytest.mark.parametrize("field", ["userId", "previousId"])
def test_a_word_for_nobody_is_a_problem_of_its_field(field: str, word: str) -> None:
    """However it is spelled; merged into one person by `previousId`, too."""
    [problem] = check_placeholders({"userId": "user-1", field: word})

    assert (problem.path, problem.code) == (f"$.{field}", "placeholder_id")


@pytest.mark.parametrize("call", [{"userId": "user-1"}, {"userId": "nullable"}, {"anonymousId": "x"}, {"userId": None}])
def test_a_person_s_id_is_none(call: dict[str, str]) -> None:
    """Neither is one that is not there."""
    assert check_placeholders(call) == []


def test_row_68_such_a_call_is_accepted_with_a_warning_that_stays_with_it(api: Api) -> None:
    """It may be somebody's id all the same; who looks for why two people are one finds it."""
    answer = api.post("/api/analytics/track", track(userId="undefined"))

    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert [problem["code"] for note in answer.json()["warnings"] for problem in note["problems"]] == ["placeholder_id"]
    [stored] = api.staging.payloads()
    assert "placeholder_id" in str(stored["context"]["warnings"])
