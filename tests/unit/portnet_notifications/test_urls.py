from __future__ import annotations

import pytest

from portnet.domain.alerts import Channel
from portnet_notifications.channels import Channels, WrongChannelUrls

PUSH = "pnpush://127.0.0.1:9/v1/projects/portnet"
SMS = "pnsms://127.0.0.1:9/sms"


def reasons(urls: dict[str, list[str]]) -> str:
    with pytest.raises(WrongChannelUrls) as raised:
        Channels(urls)
    return str(raised.value)


def test_our_own_urls_are_taken() -> None:
    secure = ["pnsmss://:secret@sms.example.ma/send?cto=2&rto=10&verify=yes", SMS]
    assert Channels({"PUSH": [PUSH], "SMS": secure}).configured == {Channel.PUSH, Channel.SMS}


def test_nothing_configured_is_a_configuration_too() -> None:
    assert Channels({}).configured == frozenset()


@pytest.mark.parametrize(
    ("channel", "url", "reason"),
    [
        ("SMS", "json://localhost", "json:// is not allowed here; use pnsms:// or pnsmss://"),
        ("SMS", PUSH, "pnpush:// is not allowed here"),
        ("PUSH", "mailto://a:b@example.com", "not allowed"),
        ("PUSH", "file:///etc/passwd", "not allowed"),
        ("PUSH", "", "nothing:// is not allowed"),
        ("SMS", "pnsms://", "no host"),
        ("SMS", "pnsms://host:0/sms", "no host and port"),
        ("SMS", "pnsms://host:70000/sms", "ort"),
        ("SMS", "pnsms://[::1/sms", "IPv6"),
        ("SMS", "pnsms://user:secret@host/sms", "user name"),
        ("SMS", SMS + "?retry=5", "unknown option retry"),
        ("SMS", SMS + "?redirect=yes", "unknown option redirect"),
        ("SMS", SMS + "?rto=0", "rto is a number of seconds"),
        ("SMS", SMS + "?cto=nan", "cto is a number of seconds"),
        ("SMS", SMS + "?verify=maybe", "verify is yes or no"),
        ("SMS", SMS + "#here", "fragment"),
        ("SMS", f"{SMS},{SMS}", "two URLs in one"),
        ("FAX", SMS, "no such channel; there are PUSH, SMS"),
        ("EMAIL", SMS, "no such channel"),
        ("SMS", "pnsms://a b/sms", "Apprise cannot read it"),
    ],
)
def test_a_wrong_url_is_explained(channel: str, url: str, reason: str) -> None:
    assert reason in reasons({channel: [url]})


def test_all_wrong_urls_are_explained_at_once() -> None:
    with pytest.raises(WrongChannelUrls) as raised:
        Channels({"PUSH": ["tgram://1", "pnpush://?retry=1"], "SMS": [], "FAX": ["x"]})
    assert [problem.channel for problem in raised.value.problems] == [
        "PUSH",
        "PUSH",
        "PUSH",
        "SMS",
        "FAX",
    ]


def test_an_explanation_keeps_the_secret() -> None:
    text = reasons({"SMS": ["pnsms://:s3cret@host/sms?token=s3cret"]})
    assert "s3cret" not in text
    assert "pnsms://host/sms" in text
