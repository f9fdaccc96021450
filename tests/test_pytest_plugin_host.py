"""What does the plugin record of those who post by themselves?"""

import os

import pytest

from tests.plugin_project import CLIENTS, REPOSITORY, SDKS

pytest_plugins = ["tests.plugin_fixtures"]


IMPORTED = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"  # by the pytest that runs this one


def test_what_posts_by_itself_is_recorded_too(run: pytest.Pytester) -> None:
    """The host takes what an SDK sends, whatever the SDK, its path and its compression."""
    run.makepyfile(
        """
        import gzip, json, urllib.request
        from product_analytics import Analytics, Client

        def test_it(recorded_calls, recording_host):
            client = Client(recording_host, "any")
            Analytics(client).group("g_1", user_id="u_1", plan="team")
            client.close()
            track = {"userId": "u_1", "event": "file.uploaded", "properties": {"file_id": "f"}}
            body = json.dumps(track).encode()
            for path, body in [("/v1/t", body), ("/v1/track/", gzip.compress(body))]:
                urllib.request.urlopen(recording_host + path, body).close()

            recorded_calls.assert_planned()
            assert recorded_calls.group(plan="team")["groupId"] == "g_1"
            assert [call["type"] for call in recorded_calls.calls] == ["group", "track", "track"]
        """
    )

    run.runpytest_inprocess("-W", "error", "-W", IMPORTED).assert_outcomes(passed=1)


@pytest.mark.parametrize("version", ["2.3.2", "2.4.0"])
def test_the_real_sdk_of_segment_is_recorded(
    run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """Told nothing but the host: what it sends in its thread, compressed, and what of it breaks the plan."""
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(map(str, (REPOSITORY, CLIENTS, SDKS / f"segment-python-{version}")))
    )
    run.makepyfile(
        """
        import pytest
        from segment.analytics.client import Client

        @pytest.fixture
        def segment(recording_host):
            return Client("any", host=recording_host, gzip=True)

        def test_that_passes(recorded_calls, segment):
            segment.track("u_1", "report.created", {"report_id": "r-1"})
            segment.group("u_1", "g_1", {"plan": "team"})
            segment.shutdown()

            recorded_calls.assert_planned()
            assert recorded_calls.track("report.created", report_id="r-1")["userId"] == "u_1"
            assert recorded_calls.group(plan="team")["groupId"] == "g_1"

        def test_that_fails(recorded_calls, segment):
            segment.track("u_1", "report.created", {"reportId": "r-1"})
            segment.shutdown()

            recorded_calls.assert_planned()
        """
    )

    result = run.runpytest_subprocess()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "E*call 1, track report.created: $.properties.report_id: expected a required property, found none",
            "E*call 1, track report.created: $.properties.reportId: *did you mean report_id?",
        ]
    )


def test_the_generated_client_is_recorded_as_it_posts(run: pytest.Pytester) -> None:
    """As it is in production, with nothing put in its place."""
    run.makepyfile(
        """
        from product_analytics import Analytics, Client

        def test_it(recorded_calls, recording_host):
            client = Client(recording_host, "any")
            Analytics(client).report_created(report_id="r-1", user_id="u_1")
            client.flush()

            recorded_calls.assert_planned()
            assert recorded_calls.track("report.created", report_id="r-1", template=None)["userId"] == "u_1"
            client.close()
        """
    )

    run.runpytest_inprocess("-W", "error", "-W", IMPORTED).assert_outcomes(passed=1)


def test_what_comes_from_elsewhere_is_waited_for(run: pytest.Pytester) -> None:
    """And what does not come is told with what did."""
    run.makepyfile(
        """
        import threading, urllib.request

        def test_it(recorded_calls, recording_host):
            body = b'{"userId": "u_1", "event": "report.created", "properties": {"report_id": "r-1"}}'
            threading.Thread(target=lambda: urllib.request.urlopen(recording_host + "/v1/t", body).close()).start()

            recorded_calls.wait_for(1)
            recorded_calls.assert_planned()
            recorded_calls.wait_for(2, seconds=0.01)
        """
    )

    result = run.runpytest_inprocess()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*1 of 2 calls came within 0.01 seconds: track report.created"])


@pytest.mark.parametrize("body", ["nope", "[1]", '{"batch": [1]}', "\\x1f\\x8bnope", "\\xff"])
def test_what_is_no_call_is_a_call_that_breaks_the_plan(run: pytest.Pytester, body: str) -> None:
    """An SDK may hide the answer that it gets, which is 400."""
    run.makepyfile(
        f"""
        import http.client

        def test_it(recorded_calls, recording_host):
            connection = http.client.HTTPConnection(recording_host.removeprefix("http://"))
            connection.request("POST", "/v1/track", b'{body}')
            assert connection.getresponse().status == 400
            connection.close()
            recorded_calls.assert_planned()
        """
    )

    result = run.runpytest_inprocess()

    result.stdout.fnmatch_lines(["E*call 1, a call without a type: $.type: expected one of track*"])


def test_a_page_in_a_browser_may_post_too(run: pytest.Pytester) -> None:
    """It asks before, when it is of another origin."""
    run.makepyfile(
        """
        import http.client

        def test_it(recording_host):
            connection = http.client.HTTPConnection(recording_host.removeprefix("http://"))
            connection.request("OPTIONS", "/v1/batch")
            answer = connection.getresponse()
            assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
            connection.close()
        """
    )

    run.runpytest_inprocess().assert_outcomes(passed=1)
