"""Where snapshots are declared, and the databases that they read."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from analytics_platform.settings.reading import ConfigurationError

CHECKOUT = Path(__file__).parents[2] / "snapshots"
DEMO_DATABASE = "ANALYTICS_DEMO_DATABASE"


def snapshot_folder(environ: Mapping[str, str], cwd: Path) -> Path:
    """The folder with a declaration for each snapshot: the variable's, else the one of this checkout.

    Raises ConfigurationError when the variable names no folder.
    """
    named = environ.get("ANALYTICS_SNAPSHOTS")
    folder = (cwd / named).resolve() if named else CHECKOUT
    if named and not folder.is_dir():
        raise ConfigurationError(f"ANALYTICS_SNAPSHOTS: {folder} is no folder; give one that holds snapshots")
    return folder


def database_url(environ: Mapping[str, str], variable: str, data_dir: Path) -> SecretStr:
    """The address of a database, which may hold a password; the demo application's is known without a variable.

    Raises ConfigurationError.
    """
    if url := environ.get(variable):
        return SecretStr(url)
    if variable == DEMO_DATABASE:
        return SecretStr(f"sqlite:///{data_dir / 'demo.db'}")
    raise ConfigurationError(
        f"database_env: the environment variable {variable} is not set; set it to the database's address, "
        "such as postgresql://reader:PASSWORD@host/name"
    )
