"""The agencies' sample messages: what lies in each adapter's ``samples/``, and what is expected of it beside it."""

from pathlib import Path
from typing import Any

import msgspec

from portnet.agencies import canonical
from portnet.domain.adapter import Adapter, Understood
from portnet.domain.agency import AgencyEvent
from portnet.domain.inbox import RawMessage
from portnet_server.adapters import FORMATS
from tests.support.clock import NOON
from tests.unit.house.tree import PACKAGES

AGENCIES = PACKAGES["portnet"] / "agencies"
_EXPECTED = ".expected.json"


class Refused(msgspec.Struct, frozen=True):
    reason: str
    message: str


class Expected(msgspec.Struct, frozen=True):
    """One of the three: an event's fields, what the sender is told, or what a person is shown."""

    event: dict[str, Any] | None = None
    malformed: str | None = None
    not_understood: Refused | None = None


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    name: str
    adapter: Adapter
    body: bytes
    expected: Expected

    def __str__(self) -> str:
        return f"{self.source}-{self.name}"


def raw(source: str, body: bytes, event_id: str = "event", sandbox: bool = True) -> RawMessage:
    return RawMessage(
        receipt="receipt",
        source=source,
        event_id=event_id,
        body=body,
        body_hash=b"",
        key="key",
        sandbox=sandbox,
        received_at=NOON,
    )


def understood(sample: Sample, sandbox: bool = True) -> Understood:
    """What the adapter makes of a sample under the id that it gives itself."""
    identity = sample.adapter.identify(sample.body)
    named = identity if isinstance(identity, str) else "none"
    return sample.adapter.to_event(raw(sample.source, sample.body, named, sandbox))


def in_canonical_json(event: AgencyEvent) -> bytes:
    """The same message as a source without a wire format of its own would send it."""
    ours = {"receipt", "source", "code", "event", "received_at", "sandbox"}
    fields = {name: value for name, value in msgspec.to_builtins(event).items() if name not in ours}
    return msgspec.json.encode({"type": event.type, **fields})


def _of_folder(source: str, adapter: Adapter) -> list[Sample]:
    folder = AGENCIES / adapter.to_event.__module__.split(".")[-2] / "samples"
    bodies = sorted(path for path in folder.iterdir() if not path.name.endswith(_EXPECTED))
    return [
        Sample(
            source=source,
            name=path.stem,
            adapter=adapter,
            body=path.read_bytes(),
            expected=_read_expected(path),
        )
        for path in bodies
    ]


def _read_expected(path: Path) -> Expected:
    beside = path.with_name(path.stem + _EXPECTED)
    return msgspec.json.decode(beside.read_bytes(), type=Expected)


def _retold() -> list[Sample]:
    """Every event of the samples in canonical JSON: the samples of the adapter that needs no folder."""
    events = [(sample, understood(sample)) for sample in SAMPLES if sample.expected.event]
    return [
        Sample(
            source=sample.source,
            name=f"canonical_{sample.name}",
            adapter=canonical.ADAPTER,
            body=in_canonical_json(event),
            expected=sample.expected,
        )
        for sample, event in events
        if isinstance(event, AgencyEvent)
    ]


SAMPLES = [
    sample
    for source, adapters in FORMATS.items()
    for adapter in adapters
    for sample in _of_folder(source, adapter)
]
RETOLD = _retold()
EVERY = [*SAMPLES, *RETOLD]


def sample(source: str, name: str) -> Sample:
    return next(s for s in EVERY if (s.source, s.name) == (source, name))
