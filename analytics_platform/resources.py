"""Dagster's resources: what runs and sensors need of the installation."""

import os
import time
from pathlib import Path

import dagster as dg

from analytics_platform.deliveries import job_of
from analytics_platform.delivery.due import Threshold
from analytics_platform.delivery.job import Job
from analytics_platform.settings import ConfigurationError, Settings, load
from analytics_platform.settings.hash_key import hash_key
from analytics_platform.staging import open_staging
from analytics_platform.staging.base import Staging
from analytics_platform.staging.suppression import SuppressionList
from analytics_platform.supervisor import STOP_FILE


class Platform(dg.ConfigurableResource[None]):
    """The installation: its settings, its staging store, its destinations. Nothing is read before it is asked for."""

    def settings(self) -> Settings:
        """The settings, from the environment of this process; raises ConfigurationError."""
        return load(os.environ, Path.cwd())

    def staging(self, settings: Settings) -> Staging:
        """The staging store, with a stream for each destination; raises StagingError."""
        staging = open_staging(settings.shared_queue, time.time)
        staging.register([destination.name for destination in settings.destinations])
        return staging

    def suppressed(self, settings: Settings, staging: Staging) -> SuppressionList:
        """The suppression list of the store; raises ConfigurationError for a hash key that cannot be used."""
        return SuppressionList(staging, hash_key(os.environ, settings.data_dir))

    def job(self, settings: Settings, name: str) -> Job:
        """What a run of this destination works on; raises ConfigurationError for a name that is not configured."""
        try:
            return job_of(settings, name)
        except ConfigurationError as error:
            raise ConfigurationError(f"{error}, then press Re-execute") from None

    def thresholds(self, settings: Settings) -> dict[str, Threshold]:
        """When each destination's pending events are due."""
        return {each.name: Threshold(each.batch_size, each.flush_interval) for each in settings.destinations}

    def is_stopping(self, settings: Settings) -> bool:
        """Whether the supervisor has told the runs to stop."""
        return (settings.data_dir / STOP_FILE).exists()
