"""Which adapter reads a body: the source says which formats may come, the body's first bytes say which one it is.

The door and the worker ask the same question of the same bytes, so that they never disagree; the Content-Type is not
stored with a message, and is not asked.
"""

from __future__ import annotations

from typing import Final

from portnet.agencies import canonical
from portnet.agencies.badr import mapper as badr
from portnet.agencies.onssa import mapper as onssa
from portnet.agencies.tanger_med import mapper as tanger_med
from portnet.domain.adapter import Adapter, Understood
from portnet.domain.inbox import RawMessage

#: Sources with a wire format of their own. Every source may send our canonical JSON, these too.
FORMATS: Final = {
    "BADR": (badr.ADAPTER,),
    "ONSSA": (onssa.ADAPTER,),
    "TMPCS": (tanger_med.ADAPTER,),
}


def adapter_of(source: str, body: bytes) -> Adapter:
    """The format that ``source`` means ``body`` to be of."""
    own = (adapter for adapter in FORMATS.get(source, ()) if adapter.speaks(body))
    return next(own, canonical.ADAPTER)


def to_event(raw: RawMessage) -> Understood:
    """What a message from the inbox says."""
    return adapter_of(raw.source, raw.body).to_event(raw)
