"""`docs/reference/agency-messages.md` is what agencies write their programs from: it must be true to the letter."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from portnet.agencies.badr import codes as badr
from portnet.agencies.canonical import WireMessage, read
from portnet.agencies.onssa import codes as onssa
from portnet.agencies.tanger_med import codes as tanger_med
from portnet.domain.agency_key import AgencyKey, SignatureAlgorithm
from portnet.domain.desk.anomaly import AnomalyReason
from portnet.security.signatures import SigningKey, Verdict, sign, verify
from portnet_server.demo.accounts import SOURCES
from tests.unit.house.tree import ROOT

DOCUMENT = (ROOT / "docs/reference/agency-messages.md").read_text(encoding="utf-8")
WEB = ROOT / "backend/portnet_server/web"
_REFUSED = re.compile(r'_refused?\(\s*(?:send,\s*)?([0-9]{3}),\s*"([A-Z_]+)"')


def example(name: str) -> str:
    """The content of the code block under that mark."""
    found = re.search(rf"<!-- example: {name} -->\n```[a-z]*\n(.*?)\n```", DOCUMENT, re.DOTALL)
    assert found is not None, name
    return found[1]


def section(title: str) -> str:
    return DOCUMENT.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    ("scheme", "secret", "algorithm"),
    [
        ("v1", "secret", SignatureAlgorithm.HMAC_SHA256),
        ("v2", "seed", SignatureAlgorithm.ED25519),
    ],
)
def test_the_worked_example_is_right(
    scheme: str, secret: str, algorithm: SignatureAlgorithm
) -> None:
    body = example("body").encode()
    header = example(scheme).removeprefix("PortNet-Signature: ")
    sent_at = datetime.fromtimestamp(int(header[2:].partition(",")[0]), UTC)
    material = bytes.fromhex(example(secret))
    assert sign(body, SigningKey(id="k", algorithm=algorithm, secret=material), sent_at) == header
    public = re.search(r"public half is `([0-9a-f]{64})`", DOCUMENT)
    assert public is not None
    key = AgencyKey(
        id="k",
        source="BADR",
        algorithm=algorithm,
        secret_or_public=material if scheme == "v1" else bytes.fromhex(public[1]),
        sandbox=True,
        active_from=sent_at,
    )
    assert verify(header, body, key, sent_at) is Verdict.VALID
    assert f"A body of {len(body)} bytes" in DOCUMENT


def test_the_example_is_a_message() -> None:
    assert isinstance(read(example("body").encode()), WireMessage)


def test_every_field_is_described_and_no_other() -> None:
    described = re.findall(
        r"^\| `([a-z_]+)` \| (yes|no|if you have one) \|", DOCUMENT, re.MULTILINE
    )
    assert {name for name, _ in described} == set(WireMessage.__struct_fields__)
    required = {name for name, needed in described if needed == "yes"}
    assert required == set(WireMessage.__struct_fields__[: len(required)])


def test_every_answer_of_the_door_is_in_the_table_and_no_other() -> None:
    answered = set(_REFUSED.findall((WEB / "agencies.py").read_text(encoding="utf-8")))
    assert len(answered) >= 9
    described = set(re.findall(r"^\| ([0-9]{3}) \| `([A-Z_]+)` \|", DOCUMENT, re.MULTILINE))
    assert described == answered | {("405", "METHOD_NOT_ALLOWED")}
    assert "METHOD_NOT_ALLOWED" in (WEB / "app.py").read_text(encoding="utf-8")


def test_every_reason_for_not_applying_a_message_is_described() -> None:
    named = set(re.findall(r"`([A-Z_]{5,})`", section("After 202")))
    assert named == {reason.value for reason in AnomalyReason}


def test_the_sandboxes_sources_are_named() -> None:
    assert ", ".join(SOURCES) in DOCUMENT


FORMATS = (ROOT / "docs/reference/agency-formats.md").read_text(encoding="utf-8")


def documented(*columns: str) -> set[tuple[str, ...]]:
    """The rows under the heading that begins with these columns."""
    heading = re.escape("| " + " | ".join(columns) + " |")
    found = re.search(rf"^{heading}\n\|[-|]+\n((?:\|.*\n?)+)", FORMATS, re.MULTILINE)
    assert found is not None, columns
    return {tuple(re.findall(r"`([^`]+)`", row)) for row in found[1].splitlines()}


def flat(table: Mapping[tuple[str, str], str]) -> set[tuple[str, ...]]:
    return {(" ".join(key).strip(), event) for key, event in table.items()}


def test_every_code_of_badr_is_described_and_no_other() -> None:
    assert documented("GIS 7365 of UN/EDIFACT", "event") == set(badr.STANDARD_INDICATORS.items())
    assert documented("GIS 7365 of list `MA1`", "event") == set(badr.OWN_INDICATORS.items())
    assert documented("RFF 1153", "scheme") == set(badr.REFERENCES.items())
    assert badr.OWN_LIST == "MA1"


def test_every_code_of_onssa_is_described_and_no_other() -> None:
    subjects = {(" ".join(key).strip(), *named) for key, named in onssa.SUBJECTS.items()}
    assert documented("TypeCode", "procedure", "scheme of its ID") == subjects
    assert documented("TypeCode", "scheme of its ID") == flat(onssa.REFERENCES)
    assert documented("StatusCode of a control at import", "event") == flat(onssa.IMPORT_STATUS)
    assert documented("StatusCode of a certificate", "event") == flat(onssa.EXPORT_STATUS)


def test_every_code_of_tanger_med_is_described_and_no_other() -> None:
    events = {(f"EQUIPMENT {code}", event) for code, event in tanger_med.EQUIPMENT.items()}
    events |= {(f"TRANSPORT {code}", event) for code, event in tanger_med.TRANSPORT.items()}
    events |= {(f"SHIPMENT {' '.join(code)}", event) for code, event in tanger_med.SHIPMENT.items()}
    assert documented("eventType and code", "event") == events
    assert documented("type", "scheme") == set(tanger_med.DOCUMENTS.items())
