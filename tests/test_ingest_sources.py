"""Which source does a request come from?"""

from typing import Any

import pytest

from analytics_platform.settings import Source
from ingest_api.rate_limit import WrongKeys
from ingest_api.refusal import Refusal
from ingest_api.sources import Sources
from tests.fakes.clock import Clock
from tests.heads import head_of
from tests.running_api import basic, source

WEB, APP = "web-key", "app-key"
ADDRESS = "198.51.100.1"


@pytest.fixture
def sources(clock: Clock) -> Sources:
    """Two sources, one with a key that is on its way out, and one that is switched off."""
    return Sources(
        [
            source(name="web", write_key=[WEB, "old-web-key"]),
            source(name="app", write_key=APP),
            source(name="off", write_key="off-key", enabled=False),
        ],
        WrongKeys(clock),
    )


def found(sources: Sources, document: Any, *fields: tuple[str, str], query: str = "") -> str:
    """The name of the source, or the code of the refusal, as the API asks: the header first, then the body."""
    head = head_of(*fields, query=query)
    try:
        return (sources.of_header(head, ADDRESS) or sources.of_document(document, head, ADDRESS)).name
    except Refusal as refusal:
        return refusal.code


def authorization(value: str) -> tuple[str, str]:
    """The header field."""
    return ("authorization", value)


@pytest.mark.parametrize(
    ("document", "header", "query"),
    [
        pytest.param({}, basic(WEB), "", id="basic"),
        pytest.param({}, basic(WEB).replace("Basic", "BASIC"), "", id="basic-in-other-case"),
        pytest.param({}, "Basic d2ViLWtleQ==", "", id="basic-without-colon"),
        pytest.param({}, f"Bearer {WEB}", "", id="bearer"),
        pytest.param({"writeKey": WEB}, "", "", id="body"),
        pytest.param({"batch": [{"writeKey": WEB}, {}]}, "", "", id="first-call"),
        pytest.param({}, "", f"v=1&writeKey={WEB}", id="query"),
        pytest.param({"writeKey": WEB}, basic(""), "", id="basic-without-user-and-body"),
        pytest.param({"writeKey": WEB}, "Bearer access.token.of-oauth", "", id="access-token-and-body"),
        pytest.param({"writeKey": None}, "", f"writeKey={WEB}", id="null-in-body-and-query"),
    ],
)
def test_the_key_is_found_wherever_sdks_put_it(
    sources: Sources, document: dict[str, Any], header: str, query: str
) -> None:
    """In the header, the body, the batch's first call or the query."""
    fields = [authorization(header)] if header else []

    assert found(sources, document, *fields, query=query) == "web"


@pytest.mark.parametrize(
    ("document", "header", "query"),
    [
        pytest.param({"writeKey": APP}, basic(WEB), "", id="basic-before-body"),
        pytest.param({"writeKey": APP}, f"Bearer {WEB}", "", id="bearer-before-body"),
        pytest.param({"writeKey": WEB, "batch": [{"writeKey": APP}]}, "", "", id="body-before-call"),
        pytest.param({"batch": [{"writeKey": WEB}, {"writeKey": APP}]}, "", "", id="first-call-before-others"),
        pytest.param({"writeKey": WEB}, "", f"writeKey={APP}", id="body-before-query"),
    ],
)
def test_of_two_keys_the_first_place_counts(
    sources: Sources, document: dict[str, Any], header: str, query: str
) -> None:
    """The whole request is of one source."""
    fields = [authorization(header)] if header else []

    assert found(sources, document, *fields, query=query) == "web"


def test_a_wrong_key_is_not_mended_by_a_right_one_behind_it(sources: Sources) -> None:
    """Whoever sends two keys learns that one is wrong."""
    assert found(sources, {"writeKey": WEB}, authorization(basic("wrong"))) == "invalid_write_key"


def test_two_authorizations_are_refused(sources: Sources) -> None:
    """Proxies and servers disagree which one counts."""
    fields = [authorization(basic(WEB)), authorization(basic(APP))]

    assert found(sources, {}, *fields) == "duplicate_authorization"


@pytest.mark.parametrize(
    "value", ["Basic", "Basic !!!", "Basic /w==", "Bearer", "Bearer ", "Digest x", WEB, "", "Basic é"]
)
def test_what_is_no_authorization_is_refused(sources: Sources, value: str) -> None:
    """By a code of its own, so that the caller looks at the header and not at the key."""
    assert found(sources, {"writeKey": WEB}, authorization(value)) == "bad_credentials"


@pytest.mark.parametrize("key", [7, True, {}, [], ""])
def test_a_key_is_a_text(sources: Sources, key: object) -> None:
    """Whatever else stands in the body."""
    assert found(sources, {"writeKey": key}) == "bad_credentials"


@pytest.mark.parametrize("key", ["unknown", WEB[:-1], WEB + "x", WEB.upper(), "\x00", "k" * 65536, "schlüssel"])
def test_a_key_of_nobody_is_wrong(sources: Sources, key: str) -> None:
    """However close."""
    assert found(sources, {"writeKey": key}) == "invalid_write_key"
    assert found(sources, {}, authorization(f"Bearer {key.strip(chr(0)) or 'x'}")) == "invalid_write_key"


@pytest.mark.parametrize("document", [{}, [], None, "text", {"batch": "x"}, {"batch": []}, {"batch": [7]}])
def test_no_key_is_missing(sources: Sources, document: object) -> None:
    """Whatever the body is."""
    assert found(sources, document, query="writekey=x") == "missing_write_key"


def test_a_source_has_several_keys_at_once(sources: Sources) -> None:
    """So that a key can be exchanged while both are in use."""
    assert found(sources, {"writeKey": "old-web-key"}) == found(sources, {"writeKey": WEB}) == "web"


@pytest.mark.parametrize("header", [basic("off-key"), "Bearer off-key", ""])
def test_a_source_that_is_switched_off_is_told_so(sources: Sources, header: str) -> None:
    """Its key is right, and still of no use."""
    fields = [authorization(header)] if header else []

    assert found(sources, {"writeKey": "off-key"}, *fields) == "source_disabled"


def test_a_source_is_found_by_its_name(sources: Sources) -> None:
    """A session names its source; one that is switched off takes nothing from it either."""
    assert sources.named("app").name == "app"
    with pytest.raises(Refusal, match="source_disabled"):
        sources.named("off")


def test_new_sources_take_the_place_of_all_old_ones(sources: Sources) -> None:
    """From the next lookup on."""
    sources.replace([source(name="new", write_key=APP)])

    assert (found(sources, {"writeKey": APP}), found(sources, {"writeKey": WEB})) == ("new", "invalid_write_key")


def test_an_address_with_too_many_wrong_keys_is_told_to_wait(sources: Sources) -> None:
    """Guessing costs time, wherever the guess stands."""
    codes = [found(sources, {"writeKey": f"guess {number}"}) for number in range(1000)]

    assert (codes[99], codes[100], codes[-1]) == ("invalid_write_key", "rate_limited", "rate_limited")
    assert found(sources, {}, authorization("Bearer guess")) == "rate_limited"


def test_a_right_key_passes_among_wrong_ones(sources: Sources) -> None:
    """Behind one address may be a whole office, of which one machine has a wrong key."""
    for number in range(1000):
        found(sources, {"writeKey": f"guess {number}"})

    assert found(sources, {"writeKey": WEB}) == "web"


def test_no_key_is_kept(sources: Sources) -> None:
    """Not in the table, not in the settings: what leaks is a hash."""
    kept = [*vars(sources)["_by_digest"], *(vars(each) for each in vars(sources)["_by_name"].values())]

    assert [key for key in (WEB, APP) if key in repr(kept)] == []
    assert isinstance(sources.named("app"), Source)
