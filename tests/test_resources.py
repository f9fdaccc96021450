"""What do runs and sensors learn of the installation?"""

import pytest

from analytics_platform.deliveries import by_the_plan
from analytics_platform.delivery.due import Threshold
from analytics_platform.settings import ConfigurationError
from event_registry.definitions import Event
from event_registry.registry import Registry
from tests.installation import Installation
from tests.outgoing import envelope

pytest_plugins = ["tests.installation_fixtures"]


def test_a_job_has_what_the_settings_say(installation: Installation) -> None:
    """In seconds, whatever the unit of the setting."""
    platform = installation.platform

    job = platform.job(platform.settings(), "strict")

    assert (job.name, job.kind, job.batch_size, job.flush_interval) == ("strict", "webhook", 50, 0.01)
    assert (job.concurrency, job.give_up_after) == (4, 96 * 3600)


def test_calls_may_name_a_destination_by_its_name_or_its_type(installation: Installation) -> None:
    """Segment's own name for itself included."""
    platform = installation.platform

    assert platform.job(platform.settings(), "strict").names == {"strict", "webhook"}
    assert platform.job(platform.settings(), "other").names == {"other", "segment", "segment.io"}


def test_a_job_knows_what_the_plan_keeps_from_it(installation: Installation) -> None:
    """By any of the destination's names; the plan of the product sends everything everywhere."""

    class PagePrinted(Event, name="page.printed", owner="docs", since="2026-01-31", example={}, destinations=("crm",)):
        """A reader printed a page."""

    platform = installation.platform
    job = platform.job(platform.settings(), "strict")
    plan = Registry({"page.printed": PagePrinted}, {})

    assert job.elsewhere == frozenset()
    assert not by_the_plan(job, plan).route.takes("web", envelope({"type": "track", "event": "page.printed"}))
    assert by_the_plan(job, plan).route.takes("web", envelope({"type": "track", "event": "page.read"}))


def test_a_destination_that_is_not_configured_has_no_job(installation: Installation) -> None:
    """One sentence says what to do."""
    with pytest.raises(ConfigurationError, match=r"^old is not one of the configured destinations: add it .* again"):
        installation.platform.job(installation.platform.settings(), "old")


def test_each_destination_has_its_threshold(installation: Installation) -> None:
    """The sensor asks for nothing else."""
    platform = installation.platform

    assert platform.thresholds(platform.settings()) == {"strict": Threshold(50, 0.01), "other": Threshold(50, 0.01)}


def test_a_file_tells_runs_to_stop(installation: Installation) -> None:
    """The supervisor makes it, since a signal to a code server would wait for the runs to end by themselves."""
    platform = installation.platform

    assert not platform.is_stopping(platform.settings())
    installation.stop()
    assert platform.is_stopping(platform.settings())
