"""S0, posted by agencies and seen by people: on whose phones, in which order, with which alerts."""

from collections import Counter
from datetime import datetime, timedelta

from portnet_mobile.changes import AlertArrived, Changes, DossierUpdated
from portnet_mobile.contract import Alert, Dossier
from portnet_mobile.phone import Phone
from portnet_server.demo.accounts import COMPANIES
from tests.support.house.opening import STRANGERS, OpenHouse, new_telling, steps

#: S0's messages and where the dossier stands after each, as domain.md tells the story.
_WALK = (
    ("DUM_IMPORT.registered", "WAITING_AGENCY"),
    ("DUM_IMPORT.channel_orange", "WAITING_AGENCY"),
    ("DUM_IMPORT.escalate_visit", "WAITING_AGENCY"),
    ("DUM_IMPORT.visit_set", "ACTION_REQUIRED"),
    ("DUM_IMPORT.visit_done", "WAITING_AGENCY"),
    ("ONSSA_IMPORT.registered", "WAITING_AGENCY"),
    ("ONSSA_IMPORT.doc_ok", "WAITING_AGENCY"),
    ("ONSSA_IMPORT.id_ok", "ACTION_REQUIRED"),
    ("ONSSA_IMPORT.physical_done", "WAITING_AGENCY"),
    ("ONSSA_IMPORT.sampled", "WAITING_AGENCY"),
    ("ONSSA_IMPORT.hold", "BLOCKED"),
    ("DUM_IMPORT.conform", "BLOCKED"),
    ("DUM_IMPORT.liquidated", "BLOCKED"),
    ("DUM_IMPORT.paid", "BLOCKED"),
    ("DUM_IMPORT.agency_hold", "BLOCKED"),
    ("ONSSA_IMPORT.lab_result", "BLOCKED"),
    ("ONSSA_IMPORT.admit", "BLOCKED"),
    ("DUM_IMPORT.hold_lifted", "WAITING_AGENCY"),
    ("DUM_IMPORT.released", "WAITING_AGENCY"),
    ("DUM_IMPORT.exit_authorised", "ACTION_REQUIRED"),
    ("DUM_IMPORT.exited", "DONE"),
)
#: The number of ONSSA's first message.
_ONSSA_REGISTERS = 6
#: What the declarant is told of them, and how urgently.
_ALERTS = (
    ("A02", 3),
    ("A03", 3),
    ("A04", 3),
    ("A04", 3),
    ("A13", 2),
    ("A14", 4),
    ("A08", 2),
    ("A12", 4),
    ("A15", 3),
    ("A29", 3),
    ("A10", 3),
    ("A34", 3),
    ("A11", 2),
)
#: Who has a phone number and is told at level 4: declarant, broker, logistics; of A12 the manager too.
_TEXTS = 3 + 4
#: That a phone is new to the account is texted to its owner and to the administrator.
_NEW_PHONE = 2


async def test_each_message_reaches_the_phones_while_it_happens_in_order_and_once(
    house: OpenHouse,
) -> None:
    telling = new_telling("S0")
    async with house.phone("declarant") as phone, house.phone("broker") as brokers:
        ours, theirs = phone.changes(), brokers.changes()
        await phone.start()
        await brokers.start()
        assert not _dossiers(phone)
        seen: list[str] = []
        for number, (event, status) in enumerate(_WALK, start=1):
            assert (await house.say(telling, number)).accepted
            for changes in (ours, theirs):
                step = await _next_step(changes)
                assert step.entry is not None
                assert (step.after.status, step.entry.kind) == (status, "APPLIED"), event
                seen.append(step.entry.id)
        assert set(Counter(seen).values()) == {2}
        [dossier] = _dossiers(phone)
        assert dossier.status == "DONE"
        timeline = await _timeline(phone, dossier.id)
        assert [entry for entry, _ in timeline] == seen[::2]
        assert [at for _, at in timeline] == [at for _, at in steps(telling)]
        assert [d.id for d in _dossiers(brokers)] == [dossier.id]


async def test_what_the_phone_says_to_do_comes_from_the_message(house: OpenHouse) -> None:
    telling = new_telling("S0")
    hold = [event for event, _ in _WALK].index("ONSSA_IMPORT.hold") + 1
    async with house.phone("declarant") as phone:
        changes = phone.changes()
        await phone.start()
        for number in range(1, hold):
            await house.say(telling, number)
            await _next_step(changes)
        await house.say(telling, hold)
        step = await _next_step(changes)
        held_at = steps(telling)[hold - 1][1]
        assert "Sécurité Sanitaire" in step.after.what_now.holder.label
        assert step.after.what_now.since == held_at
        assert step.after.what_now.warning is not None


async def test_a_file_that_nobody_declared_to_us_appears(house: OpenHouse) -> None:
    async with house.phone("declarant") as phone:
        changes = phone.changes()
        await phone.start()
        telling = new_telling("S0")
        await house.say(telling, 1)
        step = await _next_step(changes)
    assert step.before is None
    assert step.after.reference[-4:] in telling.refs["dum"].replace(" ", "")


async def test_urgent_alerts_arrive_as_push_and_sms_and_others_as_push(house: OpenHouse) -> None:
    telling = new_telling("S0")
    own = COMPANIES["importer"].users[0]
    async with house.phone("declarant") as phone:
        changes = phone.changes()
        await phone.start()
        arrived: list[Alert] = []
        for number in range(1, len(_WALK) + 1):
            await house.say(telling, number)
        while len(arrived) < len(_ALERTS):
            arrived.append(await _next_alert(changes))
        assert sorted((alert.code, alert.level) for alert in arrived) == sorted(_ALERTS)
        await house.push.wait_for(len(_ALERTS))
        await house.smsc.wait_for(_TEXTS + _NEW_PHONE)
        planned = await house.select("SELECT channel, count(*) AS n FROM delivery GROUP BY channel")
    assert {row["channel"]: row["n"] for row in planned} == {
        "PUSH": len(_ALERTS),
        "SMS": _TEXTS + _NEW_PHONE,
    }
    pushed = [push for push in house.push.accepted if push.token == "phone:declarant"]
    assert Counter(push.data["alert"] for push in pushed) == Counter(a.id for a in arrived)
    texted = [sms.text for sms in house.smsc.accepted if sms.to == own.phone]
    assert len(texted) == 1 + sum(level == 4 for _, level in _ALERTS)
    assert all(push.data["deep_link"].endswith(push.data["alert"]) for push in pushed)


async def test_a_deadline_that_passes_is_pushed_though_nobody_says_a_word(
    house: OpenHouse,
) -> None:
    telling = new_telling("S0")
    asked = "ONSSA_IMPORT.info_requested"
    async with house.phone("declarant") as phone:
        changes = phone.changes()
        await phone.start()
        await house.say(telling, _ONSSA_REGISTERS)
        await house.say(telling, _ONSSA_REGISTERS + 1, event=asked, due_in=timedelta(minutes=1))
        await house.taken_in()
        await house.ring()
        arrived: list[Alert] = []
        while not arrived or arrived[-1].code != "A19":
            arrived.append(await _next_alert(changes))
        bodies: dict[str, str] = {}
        while arrived[-1].id not in bodies:
            await house.push.wait_for(len(bodies) + 1)
            bodies = {push.data["alert"]: push.body for push in house.push.accepted}
    assert "échéance" in bodies[arrived[-1].id]


async def test_the_other_company_and_a_broker_without_a_mandate_see_nothing(
    house: OpenHouse,
) -> None:
    telling = new_telling("S0")
    others = [house.phone(login) for login, _, _ in STRANGERS]
    async with house.phone("declarant") as phone, others[0], others[1]:
        heard = [other.changes() for other in others]
        changes = phone.changes()
        for each in (phone, *others):
            await each.start()
        for number in range(1, len(_WALK) + 1):
            await house.say(telling, number)
            await _next_step(changes)
        [dossier] = _dossiers(phone)
        for other, listened in zip(others, heard, strict=True):
            await other.catch_up()
            assert not _dossiers(other)
            assert (await other.ask("Dossier", {"id": dossier.id}))["dossier"] is None
            await other.sign_out()
            kinds = {type(change) for change in [change async for change in listened]}
            assert not kinds & {DossierUpdated, AlertArrived}
    assert not [push for push in house.push.accepted if push.token != "phone:declarant"]


async def _next_step(changes: Changes) -> DossierUpdated:
    async for change in changes:
        if isinstance(change, DossierUpdated):
            return change
    raise AssertionError("the phone has stopped")


async def _next_alert(changes: Changes) -> Alert:
    async for change in changes:
        if isinstance(change, AlertArrived):
            return change.alert
    raise AssertionError("the phone has stopped")


def _dossiers(phone: Phone) -> list[Dossier]:
    assert phone.store is not None
    return list(phone.store.dossiers.values())


async def _timeline(phone: Phone, dossier: str) -> list[tuple[str, datetime]]:
    """Its entries' ids, and when they happened, oldest first."""
    found = await phone.ask("Dossier", {"id": dossier})
    nodes = reversed(found["dossier"]["timeline"]["nodes"])
    return [(node["id"], datetime.fromisoformat(node["occurredAt"])) for node in nodes]
