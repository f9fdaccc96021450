"""Does the API do what its OpenAPI document says, for requests that nobody has thought of?

What the document cannot say: that February has no 30th, that a moment must be in the years 1 to 9999, and that a text
may not have a NUL character in it.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig

from ingest_api.app import OWN_PATHS, SDK_PATHS, described
from tests.running_api import Api, ApiStarter, basic, source

KEY = "fuzzed"
UNSAID = {"invalid_timestamp", "invalid_json"}

load_all_checks()
OF_ANSWERS = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    )
]
OF_REQUESTS = [CHECKS.get_one("negative_data_rejection")]
REFUSED = {"expected-statuses": ["4xx", "5xx"]}
SCHEMA = schemathesis.openapi.from_dict(
    described(), config=SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": REFUSED}})
)
SPELLED_OTHERWISE = r"^/v1/[abgipst]$|^/beacon/|^/pixel/|^/v1/import$"  # the same endpoints once more
BOUNDED = settings(
    max_examples=10, derandomize=True, database=None, deadline=None, suppress_health_check=[*HealthCheck]
)


@pytest.fixture(scope="module")
def fuzzed_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API that takes what no plan has, since the document does not have the plan either."""
    with ExitStack() as stack:
        blind = source(write_key=KEY, plan_mode="off", unplanned_mode="off")
        yield ApiStarter(tmp_path_factory.mktemp("fuzzed"), stack)(blind)


def sent(case: Any, api: Api, checks: list[Any]) -> Any:
    """The answer to a case, which the checks find nothing wrong with."""
    return case.call_and_validate(base_url=api.url, checks=checks, headers={"Authorization": basic(KEY)}, timeout=20)


def codes(answer: Any) -> set[str]:
    """Every code of a problem in an answer."""
    body = answer.json()
    problems = [*body.get("problems", []), *(each for note in body.get("rejected", []) for each in note["problems"])]
    return {problem["code"] for problem in problems} or {body["code"]} - {None} if "code" in body else set()


@SCHEMA.include(path=[*OWN_PATHS]).parametrize()
@BOUNDED
def test_a_request_of_our_own_is_taken_if_and_only_if_the_document_allows_it(case: Any, fuzzed_api: Api) -> None:
    """And the answer has the status, the headers and the body that it should."""
    answer = sent(case, fuzzed_api, OF_ANSWERS + OF_REQUESTS)

    if case.meta.generation.mode.is_positive:
        assert codes(answer) <= UNSAID


@SCHEMA.exclude(path=[*OWN_PATHS]).exclude(path_regex=SPELLED_OTHERWISE).parametrize()
@BOUNDED
def test_every_other_answer_is_as_documented(case: Any, fuzzed_api: Api) -> None:
    """A good request is taken; a bad one of an SDK's is answered with everything under `rejected`."""
    answer = sent(case, fuzzed_api, OF_ANSWERS)

    if case.meta.generation.mode.is_positive and case.operation.path in SDK_PATHS:
        assert codes(answer) <= UNSAID
