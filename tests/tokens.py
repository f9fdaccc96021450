"""Signed tokens, key sets and forgeries, for the tests of sessions."""

import base64
import json
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.running_api import NOW

SECRET = "a secret of the application with 32 bytes or more"
HOUR = 3600.0


@cache
def rsa_key(name: str = "rsa") -> rsa.RSAPrivateKey:  # noqa: ARG001 - the cache looks at it
    """A key for RS256, the same for each name."""
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key(name: str = "ec") -> ec.EllipticCurvePrivateKey:  # noqa: ARG001 - the same
    """A key for ES256, the same for each name."""
    return ec.generate_private_key(ec.SECP256R1())


def public(name: str, **fields: object) -> dict[str, Any]:
    """The public part of the RSA key of this name, as it stands in a key set; fields that are given win."""
    return {**jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(name).public_key(), as_dict=True), "kid": name, **fields}


def public_ec(name: str = "ec", **fields: object) -> dict[str, Any]:
    """The same of the key for ES256."""
    return {**jwt.algorithms.ECAlgorithm.to_jwk(ec_key(name).public_key(), as_dict=True), "kid": name, **fields}


def key_set(*keys: object) -> bytes:
    """A key set, as it comes from a file or a URL."""
    return json.dumps({"keys": keys}).encode()


def claims(**fields: object) -> dict[str, Any]:
    """What a good token says; fields that are given win, and None takes one away."""
    said = {"sub": "user-1", "exp": NOW + HOUR, "iat": NOW - HOUR, **fields}
    return {name: value for name, value in said.items() if value is not None}


def signed(secret: str = SECRET, **fields: object) -> str:
    """A token of the application's with HS256."""
    return jwt.encode(claims(**fields), secret, "HS256")


def signed_rsa(name: str = "rsa", key_id: str | None = "rsa", **fields: object) -> str:
    """A token with RS256, by the key of this name, which it calls `key_id`."""
    return jwt.encode(claims(**fields), rsa_key(name), "RS256", {} if key_id is None else {"kid": key_id})


def signed_ec(name: str = "ec", **fields: object) -> str:
    """A token with ES256."""
    return jwt.encode(claims(**fields), ec_key(name), "ES256", {"kid": name})


def unsigned(header: dict[str, Any], signature: bytes = b"", **fields: object) -> str:
    """A token as nobody has signed it."""
    return ".".join(base64url(part) for part in (encoded(header), encoded(claims(**fields)), signature))


def confused() -> str:
    """HS256 with the public key as secret: a verifier that lets the token choose takes it for the application's."""
    pem = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "JWT", "kid": "rsa"}
    message = unsigned(header).rpartition(".")[0]
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(message.encode(), pem)
    return unsigned(header, signature)


def encoded(value: dict[str, Any]) -> bytes:
    """JSON."""
    return json.dumps(value).encode()


def base64url(data: bytes) -> str:
    """As the parts of a token are written."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
