"""The canonical reader understands an agency's JSON or says what is wrong with it; no body makes it raise."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet.agencies.canonical import WireMessage, read, to_event
from portnet.domain.adapter import Malformed
from portnet.domain.agency import AgencyEvent, Classifier, Party, Place, Reason, Reference
from portnet.domain.inbox import RawMessage
from tests.support.clock import NOON

MINIMAL = {
    "type": "DUM_IMPORT.registered",
    "occurred_at": "2026-11-22T09:14:05+01:00",
    "refs": [{"scheme": "DUM", "value": "309 010 2026 0018538 G"}],
}
FULL = {
    "event_id": "BADR-2026-000981-4",
    "type": "DUM_IMPORT.channel_orange",
    "classifier": "ACT",
    "seq": 4,
    "occurred_at": "2026-11-22T09:14:05+01:00",
    "created_at": "2026-11-22T09:14:06+01:00",
    "refs": [
        {"scheme": "DUM", "value": "309 010 2026 0018538 G", "version": 1},
        {"scheme": "CONTAINER", "value": "CSQU3054383"},
    ],
    "parties": [{"role": "OPERATOR", "scheme": "ICE", "value": "001561191000066"}],
    "place": {"bureau": "309", "unlocode": "MACAS"},
    "reasons": [{"code": "DOC", "text": "Contrôle documentaire", "lang": "fr"}],
    "something_new": {"of": ["tomorrow"]},
}


def body(**changes: object) -> bytes:
    return json.dumps({**MINIMAL, **changes}).encode()


def raw(content: bytes) -> RawMessage:
    return RawMessage(
        receipt="r",
        source="BADR",
        event_id="e",
        body=content,
        body_hash=b"h",
        key="k",
        sandbox=True,
        received_at=NOON,
    )


def understood(content: bytes) -> AgencyEvent:
    event = to_event(raw(content))
    assert isinstance(event, AgencyEvent)
    return event


def fault(content: bytes) -> str:
    read_back = read(content)
    assert isinstance(read_back, Malformed)
    assert to_event(raw(content)) == read_back
    return read_back.message


def test_the_documented_message_is_understood() -> None:
    event = understood(json.dumps(FULL).encode())
    assert event == AgencyEvent(
        receipt="r",
        source="BADR",
        event_id="e",
        code="DUM_IMPORT",
        event="channel_orange",
        occurred_at=datetime(2026, 11, 22, 8, 14, 5, tzinfo=UTC),
        created_at=datetime(2026, 11, 22, 8, 14, 6, tzinfo=UTC),
        received_at=NOON,
        refs=(
            Reference(scheme="DUM", value="30901020260018538G", version=1),
            Reference(scheme="CONTAINER", value="CSQU3054383"),
        ),
        seq=4,
        parties=(Party(role="OPERATOR", scheme="ICE", value="001561191000066"),),
        place=Place(bureau="309", unlocode="MACAS"),
        reasons=(Reason(code="DOC", text="Contrôle documentaire", lang="fr"),),
        sandbox=True,
    )


def test_little_is_required() -> None:
    event = understood(body())
    assert (event.classifier, event.seq, event.created_at) == (Classifier.ACT, None, None)


def test_a_reference_written_twice_is_one() -> None:
    refs = [{"scheme": "DUM", "value": v} for v in ("309 010 2026 0018538 G", "30901020260018538g")]
    assert [ref.key for ref in understood(body(refs=refs)).refs] == ["DUM:30901020260018538G"]


def test_instants_are_kept_in_utc() -> None:
    event = understood(body(occurred_at="2026-06-01T23:30:00-05:00"))
    assert event.occurred_at == datetime(2026, 6, 2, 4, 30, tzinfo=UTC)
    assert event.occurred_at.utcoffset() == timedelta(0)


DEEP = 100_000


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" ",
        b"null",
        b"true",
        b"1",
        b'"x"',
        b"[]",
        b"{}",
        b"{",
        b"\xef\xbb\xbf" + body(),
        body().decode().encode("utf-16"),
        b"\xff\xfe",
        body().replace(b"DUM_IMPORT", b"\xff\xfe"),
        body().replace(b"309 010", b"\xc3\x28"),
        body().replace(b"309 010", b"\xed\xa0\x80"),
        body().replace(b"309 010", b"\x00"),
        body().replace(b"309 010", b"\\u0000"),
        body().replace(b"309 010", b"\\ud800"),
        body().replace(b"309 010", b"\\udc00"),
        body().replace(b"309 010", b"\\ud800\\u0041"),
        body(reasons=[{"code": "X", "text": "\ud800"}]),
        b"[" * DEEP,
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        body()[:-1] + b', "zz": ' + b"[" * DEEP + b"]" * DEEP + b"}",
        body(seq=-1),
        body(seq=2**53 + 1),
        body(seq=10**400),
        body(seq=1.5),
        body(seq="4"),
        body(seq=True),
        body()[:-1] + b', "seq": 1e999}',
        body()[:-1] + b', "seq": NaN}',
        body(type="registered"),
        body(type="DUM_IMPORT."),
        body(type=".registered"),
        body(type="dum_import.registered"),
        body(type="DUM_IMPORT.registered\n"),
        body(type="DUM_IMPORT.a.b"),
        body(type="ÉTAT.registered"),
        body(type=1),
        body(type=None),
        body(type="A" * 300 + ".b"),
        body(event_id=""),
        body(event_id="e" * 201),
        body(classifier="MAYBE"),
        body(occurred_at="2026-11-22T09:14:05"),
        body(occurred_at="2026-11-22"),
        body(occurred_at="yesterday"),
        body(occurred_at=1_795_345_200),
        body(occurred_at="0000-01-01T00:00:00Z"),
        body(occurred_at="0001-01-01T00:00:00+23:59"),
        body(occurred_at="1899-12-31T23:59:59Z"),
        body(occurred_at="9001-01-01T00:00:00Z"),
        body(occurred_at="9999-12-31T23:59:59-23:59"),
        body(occurred_at="99999-12-31T23:59:59Z"),
        body(occurred_at="2026-02-30T00:00:00Z"),
        body(created_at="0001-01-01T00:00:00+23:59"),
        body(due_at="9999-12-31T23:59:59-23:59"),
        body(refs=[]),
        body(refs={}),
        body(refs=[None]),
        body(refs=[{"scheme": "DUM"}]),
        body(refs=[{"scheme": "DUM", "value": ""}]),
        body(refs=[{"scheme": "DUM", "value": "\u200f \u200b"}]),
        body(refs=[{"scheme": "", "value": "1"}]),
        body(refs=[{"scheme": "DUM", "value": "1", "version": -1}]),
        body(refs=[{"scheme": "DUM", "value": str(n)} for n in range(2001)]),
        body(parties=[{"role": "OPERATOR"}]),
        body(place="MACAS"),
        body(reasons=[{"code": "X"}] * 2),
        body(reasons=[{"code": "X", "text": "y"}] * 51),
    ],
    ids=lambda content: repr(content[:24]),
)
def test_a_malformed_body_is_named_as_such(content: bytes) -> None:
    assert fault(content)


def test_the_fault_names_the_field() -> None:
    assert "$.seq" in fault(body(seq="4"))
    assert "$.occurred_at" in fault(body(occurred_at="1899-12-31T23:59:59Z"))
    assert "$.type" in fault(body(type="registered"))


def test_escaped_text_that_only_looks_like_a_nul_is_ours_to_refuse_not_to_misread() -> None:
    """``\\\\u0000`` is five harmless characters; refusing it too costs nobody anything."""
    assert "U+0000" in fault(body(reasons=[{"code": "X", "text": r"\u0000"}]))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = st.sampled_from(sorted({*FULL, "due_at", "outcome", "items", "amounts", "retracts"}))


def holds_its_promise(content: bytes) -> None:
    message = read(content)
    assert isinstance(message, WireMessage | Malformed)
    event = to_event(raw(content))
    if isinstance(message, Malformed):
        assert event == message
        return
    assert isinstance(event, AgencyEvent)
    # What was understood can be stored: as UTF-8 text, without NUL, and read again.
    stored = msgspec.json.encode(event)
    assert b"\\u0000" not in stored
    assert msgspec.json.decode(stored, type=AgencyEvent) == event


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    holds_its_promise(content)


@given(JSON)
def test_no_json_makes_it_raise(value: object) -> None:
    holds_its_promise(json.dumps(value).encode())


@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_no_field_of_a_message_makes_it_raise(changes: dict[str, object]) -> None:
    holds_its_promise(json.dumps({**FULL, **changes}).encode())


@given(st.data())
def test_no_damage_to_a_message_makes_it_raise(data: st.DataObject) -> None:
    whole = bytearray(json.dumps(FULL).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    holds_its_promise(bytes(whole))
