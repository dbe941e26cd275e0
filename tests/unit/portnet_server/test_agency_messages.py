"""`docs/reference/agency-messages.md` is what agencies write their programs from: it must be true to the letter."""

import re
from datetime import UTC, datetime

import pytest

from portnet.agencies.canonical import WireMessage, read
from portnet.domain.agency_key import AgencyKey, SignatureAlgorithm
from portnet.domain.anomaly import AnomalyReason
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
