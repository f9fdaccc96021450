"""Finds variables that are set and change nothing, since their names are nearly those of settings."""

from collections.abc import Iterable
from difflib import get_close_matches

SETTINGS = (
    "ANALYTICS_ADDRESS_RATE_LIMIT",
    "ANALYTICS_API_KEY",
    "ANALYTICS_BACKLOG_DAYS",
    "ANALYTICS_BATCH_SIZE",
    "ANALYTICS_CATALOG",
    "ANALYTICS_CONFIG",
    "ANALYTICS_DAGSTER_STORAGE",
    "ANALYTICS_DATA_DIR",
    "ANALYTICS_DEMO_DATABASE",
    "ANALYTICS_DOCS",
    "ANALYTICS_ENDPOINT",
    "ANALYTICS_FLUSH_INTERVAL_MS",
    "ANALYTICS_GEOIP_DATABASE",
    "ANALYTICS_HASH_KEY",
    "ANALYTICS_HOST",
    "ANALYTICS_IP",
    "ANALYTICS_JS",
    "ANALYTICS_MAX_STORE_MB",
    "ANALYTICS_METRICS_HOST",
    "ANALYTICS_METRICS_PORT",
    "ANALYTICS_MIN_FREE_MB",
    "ANALYTICS_PLAN_MODE",
    "ANALYTICS_PORT",
    "ANALYTICS_PUBLIC_URL",
    "ANALYTICS_QUEUE",
    "ANALYTICS_RATE_LIMIT",
    "ANALYTICS_RETENTION_DAYS",
    "ANALYTICS_RUN_RETENTION_DAYS",
    "ANALYTICS_SNAPSHOTS",
    "ANALYTICS_TRUSTED_PROXIES",
    "ANALYTICS_UNPLANNED_MODE",
    "ANALYTICS_UNPLANNED_PROPERTY_MODE",
    "ANALYTICS_WORKERS",
    "ANALYTICS_WRITE_KEY",
    "DAGSTER_PORT",
)
ALIKE = 0.9  # a letter or two too many, too few, or in another place


def misspelt(names: Iterable[str], config: str) -> list[str]:
    """A sentence for each name of a variable that is most likely a setting's, misspelt; `config` may mention others."""
    near = {
        name: get_close_matches(name, SETTINGS, n=1, cutoff=ALIKE)
        for name in sorted(names)
        if name.startswith("ANALYTICS_") and name not in SETTINGS and name not in config
    }
    return [
        f"{name} is no setting and changes nothing: did you mean {meant[0]}?" for name, meant in near.items() if meant
    ]
