"""Snapshot + events = fresh snapshot, for every kind of event, over HTTP and WebSocket, compared as JSON."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, get_args

import msgspec

from portnet.domain.access import Role, Viewer
from portnet.domain.agency import Classifier
from portnet.domain.declaring.document import Document, SubjectKind
from portnet.domain.desk.anomaly import Anomaly
from portnet.domain.desk.help import HelpCase, HelpState
from portnet.domain.events import Event
from portnet.domain.identity.member import MemberWish
from portnet.domain.procedure import EntryKind, Procedure
from portnet.domain.request import InformationRequest
from portnet.domain.submission import Submission
from portnet.domain.timers import timers_of_mandate
from portnet.security.invitations import InvitationCodes
from portnet.services.act import Wish
from portnet.services.approving.decision import Decision
from portnet.services.desk.anomaly import Anomalies, Helper
from portnet.services.desk.help import Help
from portnet.services.identity.member import Members, Saved
from portnet.services.submission import Asked
from portnet.storage import rows
from portnet_server.bootstrap import read_message
from portnet_server.demo.replay import Telling
from tests.end_to_end.replica import Replica, following
from tests.support.acting.fakes import CODE, ToldProofs
from tests.support.acting.mandates import Giver
from tests.support.acting.parts import acts_of, submissions_of
from tests.support.declaring.papers import PNG, Sender, announced
from tests.support.house.opening import OpenHouse, new_telling, steps

#: Whose apps hold everything: in three languages, on both sides of the mandate.
_PEOPLE = (("declarant", "fr"), ("manager", "en"), ("logistics", "ar"), ("broker", "fr"))

_RED = "DUM_IMPORT.channel_red"
#: Another company of the demo has given the broker a mandate, too.
_IMPORTERS = "company = (SELECT company FROM user_account WHERE login = 'declarant')"
_SAVE = """
mutation Save($input: SaveDeclarationInput!) { saveDeclaration(input: $input) { __typename } }
"""
_SEEN = """
mutation Seen($input: ReportAlertsInput!) { reportAlerts(input: $input) { clientMutationId } }
"""
_ACKNOWLEDGE = """
mutation Acknowledge($input: SubjectInput!) {
  acknowledgeAlert(input: $input) { __typename }
}
"""


class Apps:
    """Several people's replicas, and the house that they follow."""

    def __init__(self, house: OpenHouse, replicas: dict[str, Replica]) -> None:
        self.house = house
        self.replicas = replicas

    async def say(self, telling: Telling, number: int, **changes: Any) -> None:
        """Post a step of a story, and wait until it was taken in."""
        assert (await self.house.say(telling, number, **changes)).accepted
        await self.house.taken_in()

    async def agree(self, after: str) -> None:
        """Each app shows what a new one would show."""
        for login, replica in self.replicas.items():
            fresh = await replica.fresh()
            assert replica.held == fresh, f"{login}'s app, after {after}"

    def heard(self) -> set[str]:
        return {kind for replica in self.replicas.values() for kind in replica.heard}


@asynccontextmanager
async def apps_of(house: OpenHouse, people: Sequence[tuple[str, str]]) -> AsyncGenerator[Apps]:
    async with AsyncExitStack() as stack:
        replicas = {
            login: await stack.enter_async_context(following(house.url, login, locale))
            for login, locale in people
        }
        yield Apps(house, replicas)


async def test_snapshot_and_events_are_a_fresh_snapshot_after_every_message(
    house: OpenHouse,
) -> None:
    telling = new_telling("S0")
    async with apps_of(house, _PEOPLE) as apps:
        for number, (step, _) in enumerate(steps(telling), start=1):
            await apps.say(telling, number)
            await apps.agree(step.event)
    assert apps.heard() == {"DossierChanged APPLIED", "AlertChanged NEW"}


async def test_snapshot_and_events_are_a_fresh_snapshot_after_each_kind_of_event(
    house: OpenHouse,
) -> None:
    telling = new_telling("S0")
    orange_at = steps(telling)[1][1]
    async with apps_of(house, _PEOPLE) as apps:
        await apps.say(telling, 1)
        await apps.agree("a file that opened from outside")
        await apps.say(_another(telling, "EST"), 2, classifier=Classifier.EST)
        await apps.agree("an estimate")
        await apps.say(telling, 2)
        await apps.agree("a message that was applied")
        await _acknowledge(apps.replicas["declarant"])
        await apps.agree("a step that somebody took")
        await _file_by_hand(apps)
        await apps.agree("a message that the help desk filed")
        await apps.say(telling, 4)
        await apps.agree("a message that came too early")
        await apps.say(telling, 3)
        await apps.agree("a late message that made another legal")
        await apps.say(telling, 19, source="BANK")
        await apps.agree("a message that is not that source's to send")
        overtaken = {"event": "DUM_IMPORT.conform", "occurred_at": orange_at + timedelta(minutes=1)}
        await apps.say(_another(telling, "LATE"), 12, **overtaken)
        await apps.agree("a late message that made others illegal")
        await _see(apps.replicas["declarant"])
        await apps.agree("alerts that were seen")
        await _acknowledge(apps.replicas["logistics"])
        await apps.agree("an alert that was acknowledged")
        await house.ring()
        await apps.agree("a delay that passed")
        await _ask_for_help(apps)
        await _ask_and_answer(apps)
        await _submit(apps)
        await _approve(apps)
        await _declare(apps)
        await _pay(apps, telling)
        await _send_a_paper(apps)
        await _amend(apps)
        await _change_the_mandate(apps)
        await _let_a_mandate_begin_and_end(apps)
        await _change_a_member(apps)
        kinds = await house.select("SELECT DISTINCT kind FROM event")
    assert {row["kind"] for row in kinds} == {_tag(event) for event in get_args(Event)}
    assert apps.heard() == {
        *(f"HelpChanged {state.value}" for state in HelpState),
        *(
            f"DeclarationChanged {state}"
            for state in (
                "DRAFT",
                "VALIDATED",
                "PENDING_APPROVAL",
                "SUBMITTED",
                "TECH_REJECTED",
                "RECEIVED",
                "DISCARDED",
            )
        ),
        *(f"ApprovalChanged {state}" for state in ("PENDING", "RETURNED")),
        *(f"RequestChanged {state}" for state in ("NEW", "EXPIRED", "ANSWERED")),
        "DossierChanged",
        *(f"DossierChanged {kind.value}" for kind in EntryKind),
        *(f"AlertChanged {state}" for state in ("NEW", "SEEN", "SUPERSEDED", "ACKNOWLEDGED")),
        "Removed",
        "AccessChanged",
    }


async def _ask_for_help(apps: Apps) -> None:
    house, parts = apps.house, apps.house.parts
    [dossier] = await house.select("SELECT id FROM dossier")
    desk = Help(parts.units, parts.files, parts.anomalies, parts.clock, parts.ids, parts.wakeups)
    asked = await desk.ask(await _viewer(house), "help", dossier["id"], "Why is it stopped?")
    assert isinstance(asked, HelpCase)
    await apps.agree("a question to the help desk")
    helper = Helper(name="Houda", actor="test")
    assert isinstance(await desk.close(helper, asked.id, "ONSSA has it."), HelpCase)
    await apps.agree("the help desk's answer")


async def _change_a_member(apps: Apps) -> None:
    parts = apps.house.parts
    [declarant] = await apps.house.select("SELECT id FROM user_account WHERE login = 'declarant'")
    members = Members(
        parts.units,
        ToldProofs(),
        InvitationCodes(bytes(32)),
        parts.clock,
        parts.ids,
        parts.wakeups,
        parts.warnings,
    )
    wish = MemberWish(member=declarant["id"], roles=(Role.DECLARANT, Role.LOGISTICS))
    saved = await members.save(await _viewer(apps.house, "administrator"), "roles", wish, CODE)
    assert isinstance(saved, Saved), saved
    await apps.agree("a member who has other roles")


async def _ask_and_answer(apps: Apps) -> None:
    """An agency asks, the deadline passes, the company answers all the same, the agency's system has it."""
    house, telling = apps.house, new_telling("S0", run=2)
    number, at = next(
        (number, at)
        for number, (step, at) in enumerate(steps(telling), start=1)
        if step.event == "ONSSA_IMPORT.registered"
    )
    await apps.say(telling, number)
    question = {"event": "ONSSA_IMPORT.info_requested", "occurred_at": at + timedelta(minutes=1)}
    await apps.say(_another(telling, "ASK"), number, due_in=timedelta(0), **question)
    await apps.agree("a question")
    acts = acts_of(house.parts)
    await house.ring()
    await apps.agree("a deadline that passed")
    viewer = await _viewer(house)
    [asked] = await house.select("SELECT * FROM information_request")
    answered = await acts.answer(viewer, "answer", asked["id"], asked["version"], "Voici.")
    assert isinstance(answered, InformationRequest), answered
    await apps.agree("an answer that is under way")
    await _acknowledge_sent(house)
    await apps.agree("an answer that was taken")


async def _submit(apps: Apps) -> None:
    house = apps.house
    submissions, viewer = submissions_of(house.parts), await _viewer(house)
    drafted = await submissions.draft(viewer, house.parts.ids.new(), "ONSSA_IMPORT", "{}")
    assert isinstance(drafted, Submission), drafted
    valid = await submissions.validate(viewer, _wish(drafted))
    assert isinstance(valid, Submission), valid
    sent = await submissions.submit(viewer, _wish(valid), CODE)
    assert isinstance(sent, Submission), sent
    await apps.agree("a submission that left")
    await _acknowledge_sent(house)
    await apps.agree("a submission that was received")


async def _pay(apps: Apps, telling: Telling) -> None:
    """Invoiced, ordered, taken by the provider, and its fate asked after."""
    house, parts = apps.house, apps.house.parts
    invoiced = {
        "event_id": "invoice",
        "type": "PAYMENT.invoiced",
        "occurred_at": parts.clock.now(),
        "refs": [
            {"scheme": "PAYMENT", "value": "AVIS-1"},
            {"scheme": "DUM", "value": telling.refs["dum"]},
        ],
        "parties": list(telling.parties),
        "due_at": parts.clock.now() + timedelta(days=1),
    }
    assert (await house.agencies.post("PSP", msgspec.json.encode(invoiced))).accepted
    await house.taken_in()
    await apps.agree("an invoice")
    proofs = ToldProofs()
    proofs.approved[""] = "somebody else"
    [due] = await house.select("SELECT * FROM procedure WHERE code = 'PAYMENT'")
    wish = Wish(key="pay", procedure=due["id"], event="start", expected_version=due["version"])
    manager = await _viewer(house, "manager")
    started = await acts_of(parts, proofs).perform(manager, wish, CODE)
    assert isinstance(started, Procedure), started
    await apps.agree("an order that is under way")
    [sent] = await house.select("SELECT * FROM outgoing WHERE subject = $1", due["id"])
    await parts.paying.payments.started(rows.outgoing(sent), "PROVIDER-1")
    await apps.agree("an order that the provider has")
    async with parts.units() as work:
        order = await work.payment_order(due["id"])
    assert order is not None
    await parts.paying.payments.check(order)
    await apps.agree("an order of which nobody heard")


async def _send_a_paper(apps: Apps) -> None:
    house, papers = apps.house, apps.house.parts.papers
    [procedure] = await house.select("SELECT id FROM procedure WHERE code = 'PAYMENT'")
    viewer = await _viewer(house)
    announced_ = await papers.documents.start(
        viewer,
        "paper",
        SubjectKind.PROCEDURE,
        procedure["id"],
        announced(PNG, media_type="image/png"),
    )
    assert isinstance(announced_, Document), announced_
    said = await Sender(papers).put(papers.documents.upload_url(announced_), PNG)
    assert said is not None
    assert said.status in (200, 201), said
    await apps.agree("a paper")


async def _approve(apps: Apps) -> None:
    """Asked for, and returned: a yes needs a second factor that nobody here has."""
    house = apps.house
    submissions, viewer = submissions_of(house.parts), await _viewer(house)
    drafted = await submissions.draft(viewer, house.parts.ids.new(), "DUM_IMPORT", "{}")
    assert isinstance(drafted, Submission), drafted
    asked = await submissions.request_approval(viewer, _wish(drafted))
    assert isinstance(asked, Submission), asked
    await apps.agree("an approval that was asked for")
    [waiting] = await house.select("SELECT content_id FROM approval")
    decision = Decision(key="no", contents=(waiting["content_id"],), reason="Valeur à revoir")
    decisions = house.parts.approving.decisions(house.parts.acts)
    manager = await _viewer(house, "manager")
    returned = await decisions.return_for_correction(manager, decision)
    assert isinstance(returned, tuple), returned
    await apps.agree("an approval that was refused")


async def _declare(apps: Apps) -> None:
    """Written by the broker and by its client, sent, rejected, corrected, discarded."""
    parts = apps.house.parts
    broker, declarant = apps.replicas["broker"], apps.replicas["declarant"]
    mine = await declarant.ask("{ me { company { id } } }")
    draft: dict[str, Any] = {
        "id": parts.ids.new(),
        "kind": "ONSSA_IMPORT",
        "company": mine["me"]["company"]["id"],
        "formVersion": 1,
        "baseVersion": 0,
    }

    async def save(replica: Replica, key: str, path: str, value: str) -> None:
        patch = [{"path": path, "value": value}]
        given = {**draft, "clientMutationId": key, "patch": patch}
        saved = await replica.ask(_SAVE, {"input": given})
        assert saved["saveDeclaration"]["__typename"] == "Declaration", saved
        await apps.agree(f"a field that was saved: {key}")

    await save(broker, "d1", "operation/party/name", "ACME Feed")
    await save(declarant, "d2", "operation/party/country", "FR")
    submissions, viewer = submissions_of(apps.house.parts), await _viewer(apps.house)
    [row] = await apps.house.select("SELECT * FROM submission WHERE id = $1", draft["id"])
    sent = await submissions.submit(viewer, _wish(rows.submission(row)), CODE)
    assert isinstance(sent, Submission), sent
    await _acknowledge_sent(apps.house, "nack")
    await apps.agree("a declaration that was rejected")
    [row] = await apps.house.select("SELECT * FROM submission WHERE id = $1", draft["id"])
    draft["baseVersion"] = row["version"]
    await save(declarant, "d3", "operation/party/name", "ACME Feed SA")
    [row] = await apps.house.select("SELECT * FROM submission WHERE id = $1", draft["id"])
    gone = await submissions.discard(viewer, _wish(rows.submission(row)))
    assert isinstance(gone, Submission), gone
    await apps.agree("a declaration that was discarded")


def _wish(submission: Submission) -> Asked:
    key = f"{submission.id}-{submission.version}"
    return Asked(key=key, submission=submission.id, expected_version=submission.version)


async def _viewer(house: OpenHouse, login: str = "declarant") -> Viewer:
    [user] = await house.select("SELECT * FROM user_account WHERE login = $1", login)
    return Viewer(
        user=user["id"],
        company=user["company"],
        session="",
        sandbox=True,
        session_expires_at=house.parts.clock.now() + timedelta(days=1),
    )


async def _acknowledge_sent(house: OpenHouse, event: str = "ack") -> None:
    [sent] = await house.select("SELECT id FROM outgoing WHERE state = 'QUEUED'")
    acknowledgement = {
        "event_id": f"{event}-{sent['id']}",
        "type": f"ENVELOPE.{event}",
        "occurred_at": house.parts.clock.now(),
        "refs": [{"scheme": "SUBMISSION", "value": sent["id"]}],
    }
    body = msgspec.json.encode(acknowledgement)
    assert (await house.agencies.post("PORTNET", body)).accepted
    await house.taken_in()


async def _file_by_hand(apps: Apps) -> None:
    """A message that names no company waits for the help desk, which says whose file it is."""
    house, parts = apps.house, apps.house.parts
    body = {
        "type": "ONSSA_IMPORT.registered",
        "event_id": "unnamed",
        "occurred_at": parts.clock.now(),
        "refs": [{"scheme": "ONSSA_FILE", "value": "BY-HAND-1"}],
    }
    assert (await house.agencies.post("ONSSA", msgspec.json.encode(body))).accepted
    await house.taken_in()
    [anomaly] = await house.select("SELECT id FROM anomaly WHERE source = 'ONSSA'")
    [dossier] = await house.select("SELECT id FROM dossier")
    desk = Anomalies(
        parts.units, parts.anomalies, read_message, parts.clock, parts.ids, parts.wakeups
    )
    helper = Helper(name="Houda", actor="test")
    assert isinstance(await desk.attach(helper, anomaly["id"], dossier["id"]), Anomaly)
    await house.taken_in()


async def _amend(apps: Apps) -> None:
    """On files of their own: registered, orange, a visit to set, and done without having been set."""
    telling = new_telling("S0", run=2)
    for number in (1, 2, 3, 5):
        await apps.say(telling, number)
    await apps.agree("a step that was inferred")
    await apps.say(telling, 4)
    await apps.agree("the message of a step that had been inferred")
    said = f"{steps(telling)[0][0].source}-{telling.run}"
    await apps.say(_another(telling, "BACK"), 3, wire={"retracts": f"{said}-3"})
    await apps.agree("a message that was taken back")
    await apps.say(_another(telling, "RIGHT"), 2, wire={"corrects": f"{said}-2"}, event=_RED)
    await apps.agree("a message that was corrected")


async def _change_the_mandate(apps: Apps) -> None:
    parts = apps.house.parts
    mandates = Giver(parts, await _viewer(apps.house, "manager"))
    [mandate] = await apps.house.select(f"SELECT * FROM mandate WHERE {_IMPORTERS}")
    await mandates.revoke(mandate["id"])
    await apps.agree("a mandate that was revoked")
    assert not apps.replicas["broker"].dossiers
    assert not apps.replicas["broker"].alerts
    now = parts.clock.now()
    await mandates.grant(mandate["broker"], now)
    await apps.agree("a mandate that was granted")
    assert apps.replicas["broker"].dossiers


async def _let_a_mandate_begin_and_end(apps: Apps) -> None:
    parts = apps.house.parts
    mandates = Giver(parts, await _viewer(apps.house, "manager"))
    live = f"SELECT * FROM mandate WHERE revoked_at IS NULL AND {_IMPORTERS}"
    [row] = await apps.house.select(live)
    await mandates.revoke(row["id"])
    now = parts.clock.now()
    granted = await mandates.grant(row["broker"], now, now + timedelta(days=1))
    over = msgspec.structs.replace(granted, ends_at=parts.clock.now())
    async with parts.units() as work:
        work.add(over, *timers_of_mandate(over))
        await work.commit()
    await apps.house.ring()
    await apps.agree("a mandate that began and ended by its dates")
    assert apps.replicas["broker"].dossiers


async def _see(replica: Replica) -> None:
    reported = {"clientMutationId": "1", "alerts": list(replica.alerts), "as": "SEEN"}
    await replica.ask(_SEEN, {"input": reported})


async def _acknowledge(replica: Replica) -> None:
    [alert] = replica.alerts
    done = await replica.ask(_ACKNOWLEDGE, {"input": {"clientMutationId": "2", "id": alert}})
    assert done["acknowledgeAlert"]["__typename"] == "Alert"


def _another(telling: Telling, word: str) -> Telling:
    """The same files, in messages of other names."""
    return msgspec.structs.replace(telling, run=f"{telling.run}-{word}")


def _tag(event: type[msgspec.Struct]) -> str:
    return str(event.__struct_config__.tag)
