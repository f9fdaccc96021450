"""`analytics sources`: who may send."""

import secrets
from typing import TYPE_CHECKING, Annotated

import typer

from analytics_platform.commands import installation

if TYPE_CHECKING:
    from analytics_platform.settings import Source

KEY_BYTES = 24  # 192 bits: beyond any guessing, also from the hash
SHOWN_DIGITS = 8  # of a key's hash: enough to tell it from the others

app = typer.Typer(no_args_is_help=True, help="Who may send.")


@app.command("list")
def list_() -> None:
    """Show each source with its keys and limits, and what is wrong with the file, without anything being changed."""
    for source in installation.settings().sources:
        typer.echo(f"{source.name}: {', '.join(_described(source))}")


@app.command()
def new_key(source: Annotated[str, typer.Argument(help="The name of the source.")] = "web") -> None:
    """Make a write key: it is shown once, and nothing is stored."""
    from analytics_platform.settings.sources import hash_of

    key = secrets.token_hex(KEY_BYTES)
    typer.echo(
        f"{key}\n\n"
        "That is the write key, for whoever sends; it cannot be shown again. In analytics.toml, add its hash:\n\n"
        f"[sources.{source}]\n"
        f'write_key_sha256 = ["{hash_of(key)}"]\n\n'
        "A source may have several, and write_key_env beside them: put the new one in, let all senders change over,\n"
        "take the old one out. The ingest API notices within seconds, without a restart."
    )


def _described(source: "Source") -> list[str]:
    """What the source is and may; what is as it is for everybody is left out."""
    said = [source.kind, *(f"key {hashed[:SHOWN_DIGITS]}" for hashed in source.write_key_sha256)]
    if not source.enabled:
        said.append("switched off")
    said += [f"from {origin}" for origin in source.origins]
    said += [f"no {call}" for call in source.refused_calls]
    if source.rate_limit:
        said.append(f"{source.rate_limit:g} requests/s")
    if source.address_rate_limit:
        said.append(f"{source.address_rate_limit:g} requests/s from one address")
    return [*said, f"plan {source.plan_mode}"]
