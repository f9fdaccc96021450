"""Starts a run by Dagster's GraphQL, as its UI does."""

from typing import Any

import requests

from analytics_platform.staging.base import replay

DESTINATION_TAG = "destination"
STREAM_TAG = "stream"
REPLAY_TAG = "replay"
PRIORITY_TAG = "dagster/priority"  # by which Dagster's queue is in order
TIMEOUT = 30.0  # seconds
LAUNCH = """
mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""


class LaunchError(Exception):
    """Dagster has not started the run; whoever asked sees to it that it is running, and asks again."""


def launch_replay(dagster: str, destination: str, selection: str, rate: float) -> str:
    """Start the replay of a selection of the destination's dead letters; returns the run's id.

    `dagster` is the address of Dagster's UI, `rate` is in requests a second. Raises LaunchError.
    """
    config = {"destination": destination, "selection": selection, "rate": rate}
    tags = {DESTINATION_TAG: destination, STREAM_TAG: replay(destination), REPLAY_TAG: selection}
    params = {
        "selector": {
            "repositoryLocationName": "analytics_platform",
            "repositoryName": "__repository__",
            "jobName": "delivery",
        },
        "runConfigData": {"ops": {"deliver": {"config": config}}},
        "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
    }
    launched = _ask(dagster, {"query": LAUNCH, "variables": {"params": params}})
    if launched["__typename"] != "LaunchRunSuccess":
        raise LaunchError(f"Dagster at {dagster} refuses to start the run ({launched['__typename']})")
    return str(launched["run"]["runId"])


def _ask(dagster: str, question: dict[str, Any]) -> Any:
    try:
        answer = requests.post(f"{dagster}/graphql", json=question, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()["data"]["launchRun"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        raise LaunchError(
            f"Dagster does not answer at {dagster} ({type(error).__name__}): start it with `analytics run`"
        ) from None
