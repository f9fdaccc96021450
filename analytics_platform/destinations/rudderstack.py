"""RudderStack's data plane: Segment's shape at an address of the workspace's own."""

import msgspec

from analytics_platform.destinations.envelope import Envelope
from analytics_platform.destinations.http import Statuses
from analytics_platform.destinations.posting import Terms
from analytics_platform.destinations.segment import Segment

MAX_BYTES = 3_800_000  # of one batch: the gateway takes about 4 MB


class RudderStack(Segment):
    """Posts to `{data plane}/v1/batch`; the key is in the header alone (destinations.md, section 9)."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms, MAX_BYTES, Statuses())
        self._endpoint = terms.endpoint.removesuffix("/v1") + "/v1"

    def shape(self, call: Envelope) -> msgspec.Raw:
        """See Segment.shape; the official SDKs of servers say that they are such."""
        return msgspec.Raw(b'{"channel":"server",' + msgspec.json.encode(super().shape(call))[1:])
