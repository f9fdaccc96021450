"""Reads the origins that pages may send from."""

import re
from typing import Annotated

from pydantic import AfterValidator

_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\*\.)?([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def _checked(origin: str) -> str:
    """The origin as browsers write it: in lower case, without the port that its scheme has anyway."""
    match = _ORIGIN.fullmatch(origin.lower())
    if match is None:
        raise ValueError("must be an origin such as https://app.example.com, or https://*.example.com, without a path")
    scheme, wildcard, host, port = match.groups(default="")
    return f"{scheme}://{wildcard}{host}{'' if port == _DEFAULT_PORTS.get(scheme) else port}"


Origin = Annotated[str, AfterValidator(_checked)]
"""`https://app.example.com`, or with `*.` before the host for everything below it, but not for itself."""
