"""What may be shown of a vendor's answer: words of a fixed vocabulary, so that no key and no event shines through."""

import re

HIDDEN = "…"
SHOWN = 200  # characters
WORD = re.compile(r"""[^\s"{}\[\](),:;=<>]+""")
STATUS = re.compile(r"[45]\d\d")
GAPS = re.compile(rf"{HIDDEN}(?: {HIDDEN})+")

# Of the answers in tests/vectors, and what such answers are usually made of.
VOCABULARY = frozenset(
    """
    a about above accepted access account action after again allow allowed already an and any api api_key are array as
    at authentication authentication_error authorization bad batch be been before blocked body boolean by bytes call
    can cannot characters code contain contains content could credentials date denied details deprecated device
    device_id did disabled distinct_id does duplicate each empty endpoint entity epoch error errors event event_type
    events events_with_invalid_fields events_with_missing_fields exceeded exceeds exist exists expected expired failed
    failed_records failure field fields for forbidden format found from future get given greater group group_type has
    have header id identify identity ids in incorrect ingested input insert insert_id integer internal invalid
    invalid_api_key invalid_write_key is it item items its json key keys large later length less limit limited limits
    list long longer malformed match matching max maximum message messageid min minimum missing more most must name
    names negative new no non not null num_records_imported number object of off ok old only or our out over parameter
    parameters parse past payload per permission permitted please policy positive post previous problem project
    properties property provided quota range rate reached read reason received record records refused reject rejected
    request requests require required resource retries retry same schema second seconds server service should silenced
    silenced_events size small source specified status stored string success support supported temporarily than that
    the their there these this throttled throttled_devices throttled_events throttled_users time timestamp to token too
    trait traits true try type unable unauthorized unavailable unexpected unknown unprocessable unsupported until user
    user_id userid users valid validation value values version was we were when which will with within without write
    writekey wrong you your
    """.split()  # noqa: SIM905  two hundred words are read better so
)


def words(answer: str | None) -> str:
    """The vendor's words as far as they are in the vocabulary, or a status; the rest is HIDDEN."""
    shown = WORD.sub(lambda found: found[0] if _is_shown(found[0]) else HIDDEN, answer or "")
    return GAPS.sub(HIDDEN, " ".join(shown.split()))[:SHOWN]


def _is_shown(word: str) -> bool:
    return word.strip(".!?'").lower() in VOCABULARY or STATUS.fullmatch(word) is not None
