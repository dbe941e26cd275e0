"""Facts and the frames that phones hear of them."""

from typing import Any, get_args

import msgspec
import pytest

from portnet.domain.events import (
    Event,
    FrameKind,
    MandateGranted,
    company_audience,
    frame_of,
    user_audience,
)

KINDS: tuple[type[Any], ...] = get_args(Event)

HEARD = {
    "MessageFolded": FrameKind.DOSSIER_CHANGED,
    "StepTaken": FrameKind.DOSSIER_CHANGED,
    "MessageAttached": FrameKind.DOSSIER_CHANGED,
    "StepVanished": FrameKind.ENTRY_REMOVED,
    "AlertRaised": FrameKind.ALERT_CHANGED,
    "AlertSeen": FrameKind.ALERT_CHANGED,
    "AlertAcknowledged": FrameKind.ALERT_CHANGED,
    "AlertSuperseded": FrameKind.ALERT_CHANGED,
    "MandateGranted": FrameKind.ACCESS_CHANGED,
    "MandateRevoked": FrameKind.ACCESS_CHANGED,
    "MandateStarted": FrameKind.ACCESS_CHANGED,
    "MandateEnded": FrameKind.ACCESS_CHANGED,
    "MemberChanged": FrameKind.ACCESS_CHANGED,
    "ActRequested": FrameKind.DOSSIER_CHANGED,
    "PaymentChecked": FrameKind.DOSSIER_CHANGED,
    "SubmissionReceived": FrameKind.DOSSIER_CHANGED,
    "DocumentStored": FrameKind.DOSSIER_CHANGED,
    "RequestChanged": FrameKind.REQUEST_CHANGED,
    "HelpCaseChanged": FrameKind.HELP_CHANGED,
    "ApprovalChanged": FrameKind.APPROVAL_CHANGED,
    "SubmissionChanged": FrameKind.DECLARATION_CHANGED,
    "DraftSaved": FrameKind.DECLARATION_CHANGED,
}


def an_event(kind: type[Any]) -> Any:
    """One of that kind; what it says does not matter to which frame it makes."""
    return kind(**dict.fromkeys(kind.__struct_fields__))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_of_event_makes_its_kind_of_frame_or_none(kind: type[Any]) -> None:
    assert frame_of(an_event(kind)) is HEARD.get(kind.__name__)


def test_no_two_kinds_share_a_tag() -> None:
    tags = [kind.__struct_config__.tag for kind in KINDS]
    assert len(set(tags)) == len(tags)
    assert None not in tags


def test_an_event_is_read_as_it_was_written() -> None:
    granted = MandateGranted(mandate="m", company="c", broker="b")
    assert msgspec.json.decode(msgspec.json.encode(granted), type=Event) == granted


def test_audiences_of_companies_and_people_never_meet() -> None:
    assert company_audience("x") != user_audience("x")
    assert company_audience("x") == "company:x"
    assert user_audience("x") == "user:x"
