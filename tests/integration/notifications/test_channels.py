"""Our Apprise plugins against real gateway servers: every way that a send can end."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from apprise import Apprise

from portnet.domain.alerts import Channel
from portnet.domain.localised import Locale
from portnet_mobile.gateways import AcceptedPush, AcceptedSms, Behaviour, PushGateway, Smsc
from portnet_notifications.alphabet import Encoding
from portnet_notifications.channels import (
    Accepted,
    Channels,
    Outcome,
    Permanent,
    PushMessage,
    Refusal,
    SmsMessage,
    Throttled,
    Transient,
    Uncertain,
)
from portnet_notifications.compose import AlertWords, compose

#: Long enough for any loaded machine; no send waits for it.
PATIENT = "?cto=30&rto=30"


@pytest.fixture
async def push() -> AsyncIterator[PushGateway]:
    async with PushGateway() as gateway:
        yield gateway


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with Smsc() as gateway:
        yield gateway


@pytest.fixture
async def channels(push: PushGateway, smsc: Smsc) -> AsyncIterator[Channels]:
    async with Channels({"PUSH": [push_url(push)], "SMS": [sms_url(smsc)]}) as opened:
        yield opened


def push_url(gateway: PushGateway, options: str = PATIENT) -> str:
    return f"pnpush://:token@{gateway.address}/v1/projects/portnet{options}"


def sms_url(gateway: Smsc, options: str = PATIENT) -> str:
    return f"pnsms://:token@{gateway.address}/sms{options}"


def a_push(token: str = "phone-1", *, sandbox: bool = False, link: str = "x") -> PushMessage:
    return PushMessage(
        token=token,
        body="ONSSA 309-0018538G: mise sous consigne.",
        alert="01ALERT",
        dossier="01DOSSIER",
        cursor="c.7",
        deep_link=link,
        collapse_key="01DOSSIER.A14",
        ttl_seconds=3600,
        urgent=True,
        sandbox=sandbox,
    )


def an_sms(
    body: str = "{[€]} controle", encoding: Encoding = Encoding.GSM7, to: str = "+212600000001"
) -> SmsMessage:
    return SmsMessage(to=to, body=body, encoding=encoding, reference="01DELIVERY", sandbox=True)


async def sent_push(channels: Channels, token: str = "phone-1") -> Outcome:
    return await channels.send(Channel.PUSH, a_push(token))


async def sent_sms(channels: Channels) -> Outcome:
    return await channels.send(Channel.SMS, an_sms())


async def test_a_push_reaches_the_gateway_whole(channels: Channels, push: PushGateway) -> None:
    outcome = await channels.send(Channel.PUSH, a_push(sandbox=True))
    (accepted,) = push.accepted
    assert outcome == Accepted(provider_id=accepted.id)
    assert accepted == AcceptedPush(
        number=1,
        id="projects/mock/messages/1",
        at=accepted.at,
        token="phone-1",
        title="DEMO",
        body="ONSSA 309-0018538G: mise sous consigne.",
        data={
            "alert": "01ALERT",
            "dossier": "01DOSSIER",
            "cursor": "c.7",
            "deep_link": "x",
            "collapse_key": "01DOSSIER.A14",
            "sandbox": "true",
        },
        collapse_key="01DOSSIER.A14",
        ttl="3600s",
        priority="HIGH",
    )


async def test_an_sms_reaches_the_centre_whole(channels: Channels, smsc: Smsc) -> None:
    outcome = await sent_sms(channels)
    (accepted,) = smsc.accepted
    assert outcome == Accepted(provider_id="sms-1")
    assert accepted == AcceptedSms(
        number=1,
        id="sms-1",
        at=accepted.at,
        to="+212600000001",
        sender="PORTNET",
        text="{[€]} controle",
        coding="GSM7",
        parts=1,
        reference="01DELIVERY",
        sandbox=True,
    )


@pytest.mark.parametrize("locale", ["fr", "ar", "en"])
async def test_the_centre_takes_our_texts_as_one_part(
    channels: Channels, smsc: Smsc, locale: Locale
) -> None:
    words = AlertWords(reference="309-0018538G", agency="ONSSA", link="pn.ma/a/Zx3kQ9")
    message = compose("A14", words, locale, Channel.SMS)
    outcome = await channels.send(Channel.SMS, an_sms(message.body, message.encoding))
    assert isinstance(outcome, Accepted)
    assert (smsc.accepted[0].parts, smsc.accepted[0].text) == (1, message.body)


@pytest.mark.parametrize("letter", ["ô", "\u00a0", "ç", "م"])
async def test_a_wrong_fold_is_caught_by_the_centre(channels: Channels, letter: str) -> None:
    outcome = await channels.send(Channel.SMS, an_sms(f"contr{letter}le"))
    assert isinstance(outcome, Permanent)
    assert outcome.reason is Refusal.BAD_REQUEST
    assert "GSM-7" in outcome.detail


@pytest.mark.parametrize("to", ["0600000001", "+212 600", "+0600000001", ""])
async def test_a_number_that_is_no_number_is_a_bad_request(channels: Channels, to: str) -> None:
    outcome = await channels.send(Channel.SMS, an_sms(to=to))
    assert isinstance(outcome, Permanent)


async def test_a_phone_that_deleted_the_app_is_a_dead_token(
    channels: Channels, push: PushGateway
) -> None:
    push.behave(Behaviour(dead_tokens=frozenset({"gone"})))
    outcome = await sent_push(channels, "gone")
    assert outcome == Permanent(reason=Refusal.DEAD_TOKEN, detail="404 UNREGISTERED")
    assert isinstance(await sent_push(channels, "alive"), Accepted)


UNREGISTERED = json.dumps({"error": {"details": [{"errorCode": "UNREGISTERED"}]}})


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (Behaviour(status=410, body=UNREGISTERED), Permanent),
        (Behaviour(status=404), Transient),
        (Behaviour(status=404, body='{"error": {"details": "UNREGISTERED"}}'), Transient),
        (Behaviour(status=400, body=UNREGISTERED), Permanent),
        (Behaviour(status=401), Transient),
        (Behaviour(status=413), Permanent),
        (Behaviour(status=429), Throttled),
        (Behaviour(status=500), Uncertain),
        (Behaviour(status=503, retry_after="9"), Uncertain),
        (Behaviour(status=200, body="<html>Welcome to our hotel</html>"), Uncertain),
        (Behaviour(status=200, body="\ufffd"), Uncertain),
        (Behaviour(status=302, body="elsewhere"), Transient),
        (Behaviour(drop=True), Uncertain),
        (Behaviour(drop=True, deliver=True), Uncertain),
    ],
)
async def test_a_push_gateway_s_answer_is_a_typed_outcome(
    channels: Channels, push: PushGateway, behaviour: Behaviour, kind: type[Outcome]
) -> None:
    push.behave(behaviour)
    outcome = await sent_push(channels)
    assert type(outcome) is kind, outcome
    assert len(push.accepted) == behaviour.deliver


async def test_a_bad_request_never_buries_a_token(channels: Channels, push: PushGateway) -> None:
    push.behave(Behaviour(status=400, body=UNREGISTERED))
    outcome = await sent_push(channels)
    assert isinstance(outcome, Permanent)
    assert outcome.reason is Refusal.BAD_REQUEST


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (Behaviour(status=400), Permanent),
        (Behaviour(status=404), Transient),
        (Behaviour(status=429), Throttled),
        (Behaviour(status=500), Uncertain),
        (Behaviour(status=502), Uncertain),
        (Behaviour(status=503), Transient),
        (Behaviour(status=202, body="OK"), Uncertain),
        (Behaviour(drop=True), Uncertain),
    ],
)
async def test_an_sms_gateway_s_answer_is_a_typed_outcome(
    channels: Channels, smsc: Smsc, behaviour: Behaviour, kind: type[Outcome]
) -> None:
    smsc.behave(behaviour)
    outcome = await sent_sms(channels)
    assert type(outcome) is kind, outcome
    assert smsc.accepted == ()


async def test_a_throttle_says_when_to_come_back(channels: Channels, smsc: Smsc) -> None:
    smsc.behave(Behaviour(status=429, retry_after="17", times=1))
    outcome = await sent_sms(channels)
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after == 17
    assert isinstance(await sent_sms(channels), Accepted)


async def test_a_refused_connection_is_surely_not_sent() -> None:
    async with Smsc() as gone:
        url = sms_url(gone)
    async with Channels({"SMS": [url]}) as channels:
        assert isinstance(await sent_sms(channels), Transient)


async def test_silence_after_the_request_is_uncertain(smsc: Smsc) -> None:
    smsc.behave(Behaviour(delay=60, deliver=True))
    async with Channels({"SMS": [sms_url(smsc, "?cto=30&rto=0.1")]}) as channels:
        assert isinstance(await sent_sms(channels), Uncertain)
    assert len(smsc.accepted) == 1


async def test_closing_leaves_what_is_under_way_uncertain(smsc: Smsc, channels: Channels) -> None:
    smsc.behave(Behaviour(delay=60, deliver=True))
    sending = asyncio.create_task(sent_sms(channels))
    async with asyncio.timeout(30):
        await smsc.wait_for(1)
    await channels.close()
    assert isinstance(await sending, Uncertain)


async def test_waiting_in_vain_for_a_connection_is_surely_not_sent(push: PushGateway) -> None:
    push.behave(Behaviour(delay=60))
    async with Channels({"PUSH": [push_url(push, "?cto=1&rto=3")]}) as channels:
        outcomes = await asyncio.gather(*(sent_push(channels) for _ in range(40)))
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds.count(Uncertain) == 32
    assert kinds.count(Transient) == 8


async def test_a_payload_that_the_gateway_must_refuse_is_not_sent(
    channels: Channels, push: PushGateway
) -> None:
    outcome = await channels.send(Channel.PUSH, a_push(link="x" * 4096))
    assert outcome == Permanent(reason=Refusal.BAD_REQUEST, detail="over 4096 octets")
    assert push.accepted == ()


async def test_a_message_of_another_channel_is_a_fault_of_ours(channels: Channels) -> None:
    with pytest.raises(TypeError, match="SmsMessage"):
        await channels.send(Channel.PUSH, an_sms())
    with pytest.raises(TypeError, match="PushMessage"):
        await channels.send(Channel.SMS, a_push())


async def test_a_channel_without_a_gateway_says_so() -> None:
    async with Channels({}) as channels:
        assert await sent_sms(channels) == Transient(detail="no gateway is configured for SMS")


async def test_concurrent_sends_get_their_own_outcomes(
    channels: Channels, push: PushGateway
) -> None:
    push.behave(Behaviour(dead_tokens=frozenset(f"phone-{n}" for n in range(0, 100, 2))))
    outcomes = await asyncio.gather(*(sent_push(channels, f"phone-{n}") for n in range(100)))
    assert [isinstance(outcome, Accepted) for outcome in outcomes] == [False, True] * 50
    names = {message.id: message.token for message in push.accepted}
    for number, outcome in enumerate(outcomes):
        if isinstance(outcome, Accepted):
            assert names[outcome.provider_id] == f"phone-{number}"


async def test_a_stuck_push_gateway_delays_no_sms(
    channels: Channels, push: PushGateway, smsc: Smsc
) -> None:
    push.behave(Behaviour(delay=60))
    stuck = [asyncio.create_task(sent_push(channels)) for _ in range(50)]
    assert isinstance(await sent_sms(channels), Accepted)
    assert not any(task.done() for task in stuck)
    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)
    assert all(task.cancelled() for task in stuck)
    push.behave(Behaviour())
    assert isinstance(await sent_push(channels), Accepted)


async def test_the_second_gateway_is_tried_when_the_first_surely_did_not_send(smsc: Smsc) -> None:
    async with Smsc() as first, Channels({"SMS": [sms_url(first), sms_url(smsc)]}) as channels:
        first.behave(Behaviour(status=429))
        assert await sent_sms(channels) == Accepted(provider_id="sms-1")
        first.behave(Behaviour(drop=True, deliver=True))
        assert isinstance(await sent_sms(channels), Uncertain)
        first.behave(Behaviour(status=400))
        assert isinstance(await sent_sms(channels), Permanent)
    assert len(smsc.accepted) == 1


@asynccontextmanager
async def redirecting_to(target: str) -> AsyncGenerator[str]:
    async def elsewhere(_request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": target})

    app = web.Application()
    app.router.add_post("/sms", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"pnsms://127.0.0.1:{runner.addresses[0][1]}/sms{PATIENT}"
    await runner.cleanup()


async def test_a_redirect_is_not_followed(smsc: Smsc) -> None:
    async with (
        redirecting_to(f"{smsc.url}/sms") as url,
        Channels({"SMS": [url]}) as channels,
    ):
        assert isinstance(await sent_sms(channels), Transient)
    assert smsc.accepted == ()


async def test_apprise_alone_cannot_send_for_it_has_no_address(
    channels: Channels, smsc: Smsc, caplog: pytest.LogCaptureFixture
) -> None:
    apprise = Apprise()
    assert apprise.add(sms_url(smsc))  # pyright: ignore[reportUnknownMemberType]  # bare dicts
    with caplog.at_level(logging.WARNING, "apprise"):
        assert not await apprise.async_notify(body="hello")
    assert smsc.accepted == ()


async def test_sending_logs_no_number_no_text_and_no_secret(
    channels: Channels, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await sent_sms(channels)
    await sent_push(channels)
    for said in ("+212600000001", "controle", "consigne", "phone-1", "token"):
        assert said not in caplog.text


def test_apprise_s_own_plugins_are_not_loaded() -> None:
    program = (
        "import sys\n"
        "from portnet_notifications.channels import Channels\n"
        "from apprise import Apprise\n"
        "Channels({'SMS': ['pnsms://127.0.0.1:9/sms']})\n"
        "assert Apprise.instantiate('json://localhost') is None\n"
        "own = [m for m in sys.modules if m.startswith('apprise.plugins.')]\n"
        "assert own == ['apprise.plugins.base'], own\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


async def test_a_gateway_is_scripted_and_read_over_http(channels: Channels, smsc: Smsc) -> None:
    async with aiohttp.ClientSession(smsc.url) as session:
        async with session.post("/behaviour", json={"status": 503, "times": 1}) as answer:
            assert answer.status == 200
        assert isinstance(await sent_sms(channels), Transient)
        for _ in range(3):
            await sent_sms(channels)
        async with session.get("/messages?after=1") as answer:
            page = await answer.json()
        assert ([m["number"] for m in page["messages"]], page["last"]) == ([2, 3], 3)
        async with session.get("/messages?after=99") as answer:
            assert (await answer.json())["messages"] == []
        for bad in ("after=x", "after=-1"):
            async with session.get(f"/messages?{bad}") as answer:
                assert answer.status == 400
        async with session.post("/behaviour", data=b'{"stattus": 503}') as answer:
            assert answer.status == 400


@pytest.mark.parametrize("body", [b"", b"\xff", b"null", b"[]", b'{"message": {}}', b"[" * 100_000])
async def test_a_gateway_refuses_a_malformed_post(
    push: PushGateway, smsc: Smsc, body: bytes
) -> None:
    async with aiohttp.ClientSession() as session:
        for url in (f"{push.url}/v1/projects/p/messages:send", f"{smsc.url}/sms"):
            async with session.post(url, data=body) as answer:
                assert answer.status == 400, await answer.text()


async def test_a_gateway_keeps_the_latest_and_shows_each() -> None:
    shown: list[int] = []
    async with (
        Smsc(capacity=2, on_accepted=lambda message: shown.append(message.number)) as smsc,
        Channels({"SMS": [sms_url(smsc)]}) as channels,
    ):
        for _ in range(5):
            await sent_sms(channels)
        async with asyncio.timeout(30):
            kept = await smsc.wait_for(5)
        assert [message.number for message in kept] == [4, 5]
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{smsc.url}/messages?after=1") as answer,
        ):
            page = await answer.json()
    assert shown == [1, 2, 3, 4, 5]
    assert ([m["number"] for m in page["messages"]], page["last"]) == ([4, 5], 5)
