"""How the sessions of an own application are recognised, so that a call's user is who is signed in."""

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from analytics_platform.settings.origins import Origin
from analytics_platform.settings.reading import ConfigurationError, Name, made, with_secret
from analytics_platform.settings.sources import Source

WHERE = "ingest.session"
SECRET_BYTES = 32  # RFC 7518, section 3.2: a key for HS256 has at least as many bytes as its hash
OWN_MACHINE = ("localhost", "127.0.0.1", "::1")

OtherUser = Literal["refuse", "overwrite"]


def _as_networks(value: object) -> object:
    try:
        return tuple(ip_network(each) for each in value) if isinstance(value, list | tuple) else value
    except ValueError:
        raise ValueError('must be addresses and networks, such as ["10.0.0.0/8", "::1"]') from None


def _checked_token(name: str) -> str:
    """The name of a header field or a cookie, a token of RFC 9110 (5.6.2)."""
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise ValueError("must be a name of letters, digits and -, such as X-User")
    return name


Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_as_networks)]
Token = Annotated[str, AfterValidator(_checked_token)]


class SessionSettings(BaseModel):
    """Who vouches for the user: a token signed with `secret` or with a key of `jwks`, or a proxy with its header."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Name  # the source that calls with a session belong to; they need no write key
    other_user: OtherUser = "refuse"  # what happens to a call that names another user

    secret: SecretStr | None = None  # for HS256
    jwks: str | None = None  # for RS256 and ES256: the URL of a key set, or the absolute path of a file
    cookie: Token | None = None  # the cookie with the token; in an Authorization header it may always come
    origins: tuple[Origin, ...] = ()  # of our own pages, from which alone a cookie or a proxy's word counts
    claim: str = "sub"  # where the token has the user's id
    audience: str | None = None  # which `aud` must name; without it a token that has one is refused
    issuer: str | None = None  # which `iss` must be
    leeway_seconds: float = Field(default=60, ge=0, le=300)  # that the clocks of two machines may differ

    proxy_header: Token | None = None  # which has the user's id; the proxy removes any that a client sends
    proxies: Networks = ()  # from which alone that header counts

    @model_validator(mode="after")
    def _has_one_voucher(self) -> Self:
        vouchers = [each for each in (self.secret, self.jwks, self.proxy_header) if each]
        if len(vouchers) != 1:
            raise ValueError("secret_env: one of secret_env, jwks and proxy_header is needed, and no more")
        if self.secret and len(self.secret.get_secret_value().encode()) < SECRET_BYTES:
            raise ValueError(f"secret_env: a secret for HS256 has at least {SECRET_BYTES} bytes")
        if bool(self.cookie) != bool(self.origins) and not self.proxy_header:
            raise ValueError("origins: a cookie needs the origins of the pages that may use it, and they a cookie")
        if bool(self.proxy_header) != bool(self.proxies):
            raise ValueError("proxies: a proxy_header needs the addresses that it is believed from, and they it")
        if self.proxy_header and self.cookie:
            raise ValueError("cookie: a proxy_header stands alone")
        return self


def read_session(table: object, environ: Mapping[str, str], cwd: Path) -> SessionSettings | None:
    """The `[ingest.session]` table of the file, None when there is none; relative paths start at `cwd`.

    Raises ConfigurationError.
    """
    if table is None:
        return None
    filled = with_secret(WHERE, "secret", table, environ)
    if "jwks" in filled:
        filled["jwks"] = _key_set(filled["jwks"], cwd)
    return made(SessionSettings, WHERE, filled, {}, environ)


def check_session_source(session: SessionSettings | None, sources: Iterable[Source]) -> None:
    """Raise ConfigurationError unless the session's source is one of these."""
    if session and session.source not in {source.name for source in sources}:
        raise ConfigurationError(f"{WHERE}.source: there is no [sources.{session.source}]")


def _key_set(location: object, cwd: Path) -> str:
    """The URL as it is, or the absolute path of the file."""
    if isinstance(location, str) and "://" not in location:
        path = (cwd / location).resolve()
        if not path.is_file():
            raise ConfigurationError(f"{WHERE}.jwks: {path} is not a file")
        return str(path)
    if not isinstance(location, str) or not _is_safe(location):
        raise ConfigurationError(f"{WHERE}.jwks: must be an https address, or the path of a file")
    return location


def _is_safe(url: str) -> bool:
    """Whether nobody on the way can put in keys of his own."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme, parts.hostname) in {
        ("https", parts.hostname),
        *(("http", host) for host in OWN_MACHINE),
    }
