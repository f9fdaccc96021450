"""Jitsu, hosted or one's own: Segment's shape, with single calls on a path of its own."""

from analytics_platform.destinations.http import Statuses
from analytics_platform.destinations.posting import JSON, Terms, basic
from analytics_platform.destinations.segment import Segment


class Jitsu(Segment):
    """Posts to `{host}/v1/batch`, or single calls to `{host}/api/s/s2s/track` and its like.

    The key is `keyId:secret`. Batches bear it as Segment's own SDKs write it, with a colon at its end, and single
    calls as `X-Write-Key` (destinations.md, section 13). Its limits are not documented: Segment's are kept.
    """

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms, statuses=Statuses())
        host = terms.endpoint.removesuffix("/v1")
        if terms.batch:
            self._endpoint = f"{host}/v1"
            self._headers = {**JSON, **basic(terms.key)}
        else:
            self._endpoint = f"{host}/api/s/s2s"
            self._headers = {**JSON, "X-Write-Key": terms.key}
