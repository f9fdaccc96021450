"""How long things are kept."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, model_validator

from analytics_platform.settings.reading import made

VARIABLES = {
    "days": "ANALYTICS_RETENTION_DAYS",
    "backlog_days": "ANALYTICS_BACKLOG_DAYS",
    "run_days": "ANALYTICS_RUN_RETENTION_DAYS",
}
DEDUPLICATION_DAYS = 7
"""The least: an event in the log is what a duplicate is recognised by, and SDKs may send one again for days."""


class RetentionSettings(BaseModel):
    """How long things are kept, in days."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: int = Field(default=30, ge=DEDUPLICATION_DAYS, le=3650)  # events that all destinations have settled
    backlog_days: int = Field(default=90, ge=DEDUPLICATION_DAYS, le=3650)  # events that one has not settled
    run_days: int = Field(default=7, ge=2, le=3650)  # Dagster's runs that ended well; the sensor looks back a day

    @model_validator(mode="after")
    def _in_order(self) -> "RetentionSettings":
        if self.backlog_days < self.days:
            raise ValueError("backlog_days: must not be less than ANALYTICS_RETENTION_DAYS")
        return self


def read_retention(environ: Mapping[str, str]) -> RetentionSettings:
    """The settings from the environment. Raises ConfigurationError."""
    return made(RetentionSettings, "retention", {}, VARIABLES, environ)
