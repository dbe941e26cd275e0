"""What every adapter promises, whatever its wire: the same suite over all of them, samples and damaged ones alike."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portnet.agencies import canonical
from portnet.agencies.badr import codes as badr
from portnet.agencies.onssa import codes as onssa
from portnet.agencies.tanger_med import codes as tanger_med
from portnet.domain.adapter import Malformed, NotUnderstood, Understood
from portnet.domain.agency import AgencyEvent
from portnet.domain.folding import new_entry, open_procedure
from portnet.domain.identifiers import normalise
from portnet.domain.procedure import fold, may_send
from portnet_server.adapters import FORMATS, adapter_of
from tests.contract.samples import (
    EVERY,
    RETOLD,
    SAMPLES,
    Sample,
    in_canonical_json,
    raw,
    sample,
    understood,
)
from tests.support.clock import NOON
from tests.support.scenarios import catalogue
from tests.support.volume import volume

DAMAGED = settings(max_examples=volume(250, 10_000))
#: Every how many bytes a sample is cut.
STRIDE = volume(23, 1)
WIRES = [*FORMATS, "canonical"]

#: What each source's tables can say: source, procedure, event.
SAYABLE = {
    *(
        ("BADR", code, event)
        for code in badr.PROCEDURES.values()
        for event in badr.STANDARD_INDICATORS.values()
    ),
    *(
        ("BADR", code, event)
        for code in badr.PROCEDURES.values()
        for event in badr.OWN_INDICATORS.values()
    ),
    *(("ONSSA", code, event) for code, table in onssa.STATUS.items() for event in table.values()),
    *(
        ("TMPCS", tanger_med.PROCEDURE, event)
        for table in (tanger_med.EQUIPMENT, tanger_med.TRANSPORT, tanger_med.SHIPMENT)
        for event in table.values()
    ),
}


@cache
def samples_of(wire: str) -> Sequence[Sample]:
    return RETOLD if wire == "canonical" else [s for s in SAMPLES if s.source == wire]


def events() -> list[tuple[Sample, AgencyEvent]]:
    found = ((s, understood(s)) for s in SAMPLES)
    return [(s, event) for s, event in found if isinstance(event, AgencyEvent)]


@pytest.mark.parametrize("source", FORMATS)
def test_an_adapter_has_samples_of_every_kind(source: str) -> None:
    kinds = Counter(
        next(name for name in ("event", "malformed", "not_understood") if getattr(s.expected, name))
        for s in samples_of(source)
    )
    assert kinds["event"] >= 5
    assert kinds["malformed"] >= 5
    assert kinds["not_understood"] >= 3


@pytest.mark.parametrize("given_sample", SAMPLES, ids=str)
def test_a_sample_says_what_lies_beside_it(given_sample: Sample) -> None:
    expected = given_sample.expected
    match understood(given_sample):
        case Malformed(message):
            assert expected.malformed == message
        case NotUnderstood(reason, message):
            assert expected.not_understood is not None
            assert (expected.not_understood.reason, expected.not_understood.message) == (
                reason,
                message,
            )
        case AgencyEvent() as event:
            assert expected.event is not None
            known = {"receipt": "receipt", "source": given_sample.source, "received_at": NOON}
            fields = {**known, "sandbox": True, **expected.event}
            assert event == msgspec.convert(fields, AgencyEvent)


@pytest.mark.parametrize("given_sample", EVERY, ids=str)
def test_the_same_bytes_always_say_the_same(given_sample: Sample) -> None:
    assert understood(given_sample) == understood(given_sample)
    identify = given_sample.adapter.identify
    assert identify(given_sample.body) == identify(given_sample.body)


@pytest.mark.parametrize("given_sample", EVERY, ids=str)
def test_the_door_chooses_the_adapter_that_understands(given_sample: Sample) -> None:
    chosen = adapter_of(given_sample.source, given_sample.body)
    if given_sample.expected.malformed:
        assert isinstance(chosen.identify(given_sample.body), Malformed)
    else:
        assert chosen is given_sample.adapter


@pytest.mark.parametrize("given_sample", SAMPLES, ids=str)
def test_no_other_source_is_heard_in_this_format(given_sample: Sample) -> None:
    other = adapter_of("BANK", given_sample.body)
    assert other is canonical.ADAPTER
    assert isinstance(other.identify(given_sample.body), Malformed)


@pytest.mark.parametrize("sandbox", [True, False])
@pytest.mark.parametrize("given_sample", EVERY, ids=str)
def test_source_and_sandbox_come_from_the_key_alone(given_sample: Sample, sandbox: bool) -> None:
    event = understood(given_sample, sandbox)
    if isinstance(event, AgencyEvent):
        assert (event.source, event.sandbox) == (given_sample.source, sandbox)


def test_no_table_widens_what_a_source_may_say() -> None:
    """Of the procedures that are published: each event that a code means is one that the code's source may send."""
    checked = 0
    for source, code, event in SAYABLE:
        definition = catalogue().latest(code)
        if definition is not None and event in definition.events():
            assert may_send(definition, source, event), (source, code, event)
            checked += 1
    assert checked >= 40


def test_every_code_means_something_in_a_published_procedure() -> None:
    """A source whose procedures are all published has no code for an event that none of them knows."""
    for source in FORMATS:
        own = {(code, event) for who, code, event in SAYABLE if who == source}
        definitions = {code: catalogue().latest(code) for code, _ in own}
        known = {event for d in definitions.values() if d is not None for event in d.events()}
        if None not in definitions.values():
            assert {event for _, event in own} <= known


@pytest.mark.parametrize(
    ("source", "name", "code", "strange"),
    [
        ("BADR", "channel_orange", b"GIS+COR:MA1", b"GIS+QQQ:MA1"),
        ("BADR", "channel_orange", b"GIS+COR:MA1", b"GIS+COR:QQQ"),
        ("BADR", "channel_orange", b"GIS+COR:MA1", b"GIS+77:"),
        ("BADR", "channel_orange", b"BGM+929++9", b"BGM+QQQ++9"),
        ("BADR", "channel_orange", b"BGM+929++9", b"BGM+929++QQQ"),
        ("BADR", "channel_orange", b"RFF+ABT", b"RFF+QQQ"),
        ("ONSSA", "doc_ok", b">DOC_CONFORME<", b">QQQ<"),
        ("ONSSA", "doc_ok", b'<ram:StatusCode listID="ONSSA"', b'<ram:StatusCode listID="QQQ"'),
        ("ONSSA", "doc_ok", b">929<", b">QQQ<"),
        ("TMPCS", "gate_in", b'"GTIN"', b'"QQQ"'),
        ("TMPCS", "gate_in", b'"EQUIPMENT"', b'"QQQ"'),
        ("TMPCS", "gate_in", b'"ACT"', b'"QQQ"'),
        ("TMPCS", "gate_in", b'"TRO"', b'"QQQ"'),
        ("TMPCS", "departed", b'"DEPA"', b'"QQQ"'),
        ("TMPCS", "authorised", b'"CONF"', b'"QQQ"'),
        ("TMPCS", "authorised", b'"TRO"', b'"QQQ"'),
    ],
)
def test_an_unknown_code_is_named_and_never_guessed(
    source: str, name: str, code: bytes, strange: bytes
) -> None:
    known = sample(source, name)
    assert code in known.body
    body = known.body.replace(code, strange)
    assert not isinstance(known.adapter.identify(body), Malformed)
    found = known.adapter.to_event(raw(source, body))
    assert isinstance(found, NotUnderstood)
    assert "77" in found.message or "QQQ" in found.message


@pytest.mark.parametrize("given_sample", SAMPLES, ids=str)
def test_told_in_canonical_json_it_is_the_same_event(given_sample: Sample) -> None:
    event = understood(given_sample)
    if isinstance(event, AgencyEvent):
        retold = raw(given_sample.source, in_canonical_json(event), event.event_id)
        assert canonical.to_event(retold) == event


@pytest.mark.parametrize(
    ("source", "names", "state"),
    [
        ("BADR", ("registered", "channel_orange"), "DOC_REVIEW"),
        ("ONSSA", ("registered", "doc_ok"), "IDENTITY_CHECK"),
    ],
)
def test_a_story_in_the_agencys_words_ends_where_the_canonical_one_does(
    source: str, names: tuple[str, ...], state: str
) -> None:
    own = [folded(source, [understood(sample(source, name)) for name in names])]
    own += [folded(source, [understood(sample(source, f"canonical_{name}")) for name in names])]
    assert own == [state, state]


def folded(source: str, told: Sequence[Understood]) -> str:
    messages = [event for event in told if isinstance(event, AgencyEvent)]
    assert len(messages) == len(told)
    definition = catalogue().latest(messages[0].code)
    assert definition is not None
    procedure = open_procedure(definition, "p", "d", "1", messages[0])
    entries = [new_entry(f"{source}{number}", procedure, m) for number, m in enumerate(messages)]
    return fold(definition, procedure.opened_at, entries).standing.state


def holds_its_promise(known: Sample, body: bytes) -> Understood:
    """Whatever the bytes: no exception, and what is understood is whole."""
    identity = known.adapter.identify(body)
    named = identity if isinstance(identity, str) else "none"
    found = known.adapter.to_event(raw(known.source, body, named))
    assert isinstance(found, Malformed) == isinstance(identity, Malformed)
    assert isinstance(adapter_of(known.source, body).identify(body), str | None | Malformed)
    if isinstance(found, Malformed | NotUnderstood):
        assert 0 < len(found.message) < 2_000
        return found
    assert found.refs
    assert all(r.value and r.value == normalise(r.scheme, r.value) for r in found.refs)
    assert len({r.key for r in found.refs}) == len(found.refs)
    for at in (found.occurred_at, found.created_at, found.due_at):
        assert at is None or at.utcoffset() == timedelta(0)
    assert found.source == known.source
    if known.adapter is not canonical.ADAPTER:
        assert (known.source, found.code, found.event) in SAYABLE
    stored = msgspec.json.encode(found)
    assert b"\\u0000" not in stored
    assert msgspec.json.decode(stored, type=AgencyEvent) == found
    return found


@pytest.mark.parametrize("given_sample", EVERY, ids=str)
def test_half_a_message_is_never_understood(given_sample: Sample) -> None:
    whole = given_sample.body.rstrip()
    for end in range(0, len(whole), STRIDE):
        assert isinstance(holds_its_promise(given_sample, whole[:end]), Malformed)


@st.composite
def damaged(draw: st.DrawFn, wire: str) -> tuple[Sample, bytes]:
    """A sample with some bytes flipped, cut out, doubled or written over, or crossed with another one."""
    known = draw(st.sampled_from(samples_of(wire)))
    body = bytearray(known.body[:8_000])
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(0, len(body) - 1)))
        length = draw(st.integers(0, 12))
        match draw(st.sampled_from(["flip", "cut", "double", "write", "cross"])):
            case "flip":
                body[at : at + 1] = bytes(
                    [byte ^ 1 << draw(st.integers(0, 7)) for byte in body[at : at + 1]]
                )
            case "cut":
                del body[at : at + length]
            case "double":
                body[at:at] = body[at : at + length * 8]
            case "write":
                body[at : at + length] = draw(st.binary(max_size=12))
            case _:
                other = draw(st.sampled_from(samples_of(wire))).body
                body[at:] = other[at:]
    return known, bytes(body)


@pytest.mark.parametrize("wire", WIRES)
def test_no_damage_makes_it_raise_or_invent(wire: str) -> None:
    @DAMAGED
    @given(damaged(wire))
    def hold(hurt: tuple[Sample, bytes]) -> None:
        holds_its_promise(*hurt)

    hold()


@pytest.mark.parametrize("wire", WIRES)
def test_no_bytes_make_it_raise(wire: str) -> None:
    begins = {
        "BADR": b"UNB+UNOC:3+",
        "ONSSA": b"<?xml ",
        "TMPCS": b'{"metadata":',
        "canonical": b"{",
    }

    @DAMAGED
    @given(st.sampled_from([b"", begins[wire]]), st.binary(max_size=200))
    def hold(start: bytes, rest: bytes) -> None:
        holds_its_promise(samples_of(wire)[0], start + rest)

    hold()
