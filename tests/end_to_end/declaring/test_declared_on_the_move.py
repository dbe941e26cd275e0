"""Declared lightly, approved on the move: several phones, an agency's system, one declaration and one debt.

Everything is real but the agency's and the payment provider's systems, which are simulators at the end of a socket.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from portnet.domain.agency import Reference
from portnet.domain.agency_key import AgencyKey
from portnet.security.authenticator import code_at
from portnet_mobile.changes import AlertArrived, Change, Changes, DossierUpdated
from portnet_mobile.client import mutation_id
from portnet_mobile.drafts import Drafts
from portnet_mobile.phone import Phone
from portnet_server.demo.accounts import COMPANIES, PASSWORD
from portnet_server.demo.gateway import Received, SimulatedSystem
from portnet_server.demo.paying.provider import SimulatedProvider
from portnet_server.gateway import public_half, signing_key
from portnet_server.system import SystemClock
from tests.support.declaring.published import CONTAINER, DS, declaration
from tests.support.house.opening import SECRET, HurriedClock, OpenHouse, open_house
from tests.support.house.road import Road

KIND, DUM = "DUM_IMPORT", Reference(scheme="DUM", value="309010202600185G")
BOX = Reference(scheme="CONTAINER", value=CONTAINER)
PLACE = "operation/incoterm_place"
PARTIES = (("OPERATOR", "importer"), ("BROKER", "broker"))


class Trade(msgspec.Struct, frozen=True):
    """A house, and the systems to which it sends; ``taken`` are the messages that the agency's has taken."""

    house: OpenHouse
    system: SimulatedSystem
    provider: SimulatedProvider
    taken: "asyncio.Queue[Received]"

    async def says(self, source: str, event: str, *refs: Reference, **fields: Any) -> None:
        """A message of an agency's, taken in."""
        said = {
            "event_id": mutation_id(),
            "type": event,
            "occurred_at": SystemClock().now(),
            "refs": refs,
            "parties": [
                {"role": role, "scheme": "ICE", "value": COMPANIES[who].ice}
                for role, who in PARTIES
            ],
            **fields,
        }
        await self.post(source, msgspec.json.encode(said))

    async def acknowledges(self, *refs: Reference) -> Received:
        """The next message that left is acknowledged."""
        taken = await self.taken.get()
        await self.post("PORTNET", self.system.acknowledgement(taken.id, *refs))
        return taken

    async def post(self, source: str, body: bytes) -> None:
        answer = await self.house.agencies.post(source, body)
        assert answer.status == 202, answer
        await self.house.taken_in()


@pytest.fixture
async def trade(furnished_url: str, tmp_path: Path, keys_file: Path) -> AsyncIterator[Trade]:
    clock, key = SystemClock(), signing_key(SECRET)
    ours = AgencyKey(
        id=key.id,
        source="PORTNET",
        algorithm=key.algorithm,
        secret_or_public=public_half(key),
        sandbox=True,
        active_from=clock.now() - timedelta(days=1),
    )
    taken: asyncio.Queue[Received] = asyncio.Queue()
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(
            SimulatedSystem(ours, clock, on_taken=taken.put_nowait)
        )
        provider = await stack.enter_async_context(SimulatedProvider(ours, clock))
        urls = (("PORTNET", system.url), ("PSP", provider.url))
        house = await stack.enter_async_context(
            open_house(furnished_url, tmp_path, keys_file, sandbox_gateway_urls=urls)
        )
        yield Trade(house, system, provider, taken)


@asynccontextmanager
async def live(url: str, login: str) -> AsyncGenerator[tuple[Phone, Changes]]:
    async with Phone(url, login, PASSWORD, clock=HurriedClock()) as phone:
        changes = phone.changes()
        await phone.start()
        yield phone, changes


async def heard(changes: Changes, of: type[Change], **having: Any) -> Any:
    """The next change of that type whose alert or dossier has these fields; the others are passed over."""
    async for change in changes:
        subject = getattr(change, "alert", None) or getattr(change, "after", None)
        if isinstance(change, of) and all(getattr(subject, n) == v for n, v in having.items()):
            return change
    raise AssertionError("the phone has ended")


async def do(phone: Phone, operation: str, **given: Any) -> Any:
    """What a mutation answers, whatever it is."""
    wish = {"clientMutationId": mutation_id(), **given}
    [answer] = (await phone.ask(operation, {"input": wish})).values()
    return answer


def code_of(login: str) -> dict[str, str]:
    """What the authenticator of that person shows."""
    [user] = [u for c in COMPANIES.values() for u in c.users if u.login == login]
    assert user.totp_secret is not None
    return {"code": code_at(user.totp_secret, SystemClock().now())}


def answers(today: date) -> Mapping[str, str]:
    """A declaration that nothing is wrong with, whatever the day."""
    return declaration(
        lines=3,
        changes={
            "operation/invoice/date": (today - timedelta(days=10)).isoformat(),
            "operation/transport/date": (today + timedelta(days=3)).isoformat(),
        },
    )


async def waiting_approvals(phone: Phone) -> list[Any]:
    nodes: list[Any] = (await phone.ask("Approvals", {"first": 20}))["approvals"]["nodes"]
    return nodes


async def trail(phone: Phone, subject: str) -> Any:
    return (await phone.ask("AuditTrail", {"subject": subject, "first": 100}))["auditTrail"]


async def test_it_is_written_offline_approved_with_a_code_sent_accepted_and_on_record(
    trade: Trade,
) -> None:
    house = trade.house
    async with (
        Road(house.url) as road,
        live(road.url, "declarant") as (phone, declarant_hears),
        live(house.url, "manager") as (office, manager_hears),
    ):
        me = (await phone.ask("Home", {"dossiers": 1, "alerts": 1}))["me"]
        drafts = Drafts(phone.ask)
        id_ = drafts.begin(KIND, me["company"]["id"], 1)
        written = list(answers(SystemClock().now().date()).items())
        drafts.write(id_, dict(written[:10]))
        assert await drafts.send()

        # The network goes in the middle of it, and comes back elsewhere.
        await road.close()
        for path, value in written[10:]:
            drafts.write(id_, {path: value})
        assert not await drafts.send()
        kept = drafts.stored()
    async with (
        Road(house.url) as elsewhere,
        live(elsewhere.url, "declarant") as (phone, declarant_hears),
        live(house.url, "manager") as (office, manager_hears),
    ):
        drafts = Drafts.restored(phone.ask, kept)
        assert await drafts.send()
        assert drafts.set_aside == ()
        draft = (await phone.ask("Declaration", {"id": id_}))["declaration"]
        assert {v["path"]: v["value"] for v in draft["values"]} == dict(written)
        assert [issue for issue in draft["issues"] if issue["severity"] == "ERROR"] == []
        declared = draft["id"]

        # Approval is asked for, and the manager's phone hears of it.
        asked = await do(phone, "RequestApproval", id=declared, expectedVersion=draft["version"])
        assert asked["__typename"] == "Approval", asked
        await heard(manager_hears, AlertArrived, code="A20")
        [seen] = await waiting_approvals(office)
        assert seen["id"] == asked["id"]
        shown = seen["content"]["id"]
        prompt = await do(office, "Approve", contents=[shown])
        assert prompt["__typename"] == "SecondFactorRequired"

        # Meanwhile the declarant changes it: what was shown cannot be approved any more.
        known = (await phone.ask("Declaration", {"id": declared}))["declaration"]
        withdrawn = await do(
            phone,
            "PerformAction",
            subject=declared,
            action="withdraw",
            expectedVersion=known["version"],
        )
        assert withdrawn["__typename"] == "Declaration", withdrawn
        await drafts.read(id_)
        drafts.write(id_, {PLACE: "Castellon"})
        assert await drafts.send()
        changed = (await phone.ask("Declaration", {"id": declared}))["declaration"]
        await do(phone, "RequestApproval", id=declared, expectedVersion=changed["version"])
        await heard(manager_hears, AlertArrived, code="A20")
        stale = await do(office, "Approve", contents=[shown], proof=code_of("manager"))
        assert stale["__typename"] == "StaleApproval"
        assert [(c["path"], c["before"], c["after"]) for c in stale["changes"]] == [
            (PLACE, "Valencia", "Castellon")
        ]
        [seen] = await waiting_approvals(office)
        assert seen["content"]["id"] == stale["approval"]["content"]["id"] != shown
        prompt = await do(office, "Approve", contents=[seen["content"]["id"]])
        assert prompt["__typename"] == "SecondFactorRequired"
        approved = await do(
            office, "Approve", contents=[seen["content"]["id"]], proof=code_of("manager")
        )
        assert (approved["__typename"], approved["state"]) == ("Approval", "APPROVED"), approved
        await heard(declarant_hears, AlertArrived, code="A31")

        # The declarant sends it with a code of their own; exactly what was approved leaves.
        ready = (await phone.ask("Declaration", {"id": declared}))["declaration"]
        assert ready["state"] == "APPROVED"
        sending = {"id": declared, "expectedVersion": ready["version"]}
        prompt = await do(phone, "SubmitDeclaration", **sending)
        assert prompt["__typename"] == "SecondFactorRequired"
        sent = await do(phone, "SubmitDeclaration", **sending, proof=code_of("declarant"))
        assert (sent["__typename"], sent["state"]) == ("Declaration", "SUBMITTED"), sent
        left = await trade.acknowledges(DUM)
        [row] = await house.select("SELECT content_hash FROM submission WHERE id = $1", id_)
        assert left.content_hash == row["content_hash"]

        # The agency accepts, both phones hear it.
        for hears in (declarant_hears, manager_hears):
            await heard(hears, DossierUpdated)
        await trade.says("BADR", "DUM_IMPORT.registered", DUM)
        for hears in (declarant_hears, manager_hears):
            updated = await heard(hears, DossierUpdated)
            assert updated.entry is not None
        received = (await phone.ask("Declaration", {"id": declared}))["declaration"]
        assert received["state"] == "RECEIVED"
        assert received["procedure"] is not None

        # Both see the same trail, and it holds who did what.
        ours, theirs = await trail(phone, declared), await trail(office, declared)
        assert ours == theirs
        assert ours["verified"]
        did = {(entry["actor"], entry["action"]) for entry in ours["nodes"]}
        assert did >= {
            ("Salma Idrissi", "submission.request_approval"),
            ("Salma Idrissi", "submission.withdraw"),
            ("Youssef Benali", "approval.approve"),
            ("Salma Idrissi", "submission.submit"),
            ("PortNet, guichet unique du commerce extérieur", "submission.ack"),
        }


async def test_a_payment_in_doubt_is_offered_for_payment_on_no_phone_of_the_company(
    trade: Trade,
) -> None:
    owed = [{"kind": "DI", "value": "4560.00", "currency": "MAD"}]
    invoice = Reference(scheme="PAYMENT", value="P-2026-1")
    async with AsyncExitStack() as stack:
        phones = {
            login: (await stack.enter_async_context(live(trade.house.url, login)))[0]
            for login in ("declarant", "manager", "finance", "logistics", "broker")
        }
        for event in ("registered", "channel_green"):
            await trade.says("BADR", f"DUM_IMPORT.{event}", DUM)
        await trade.says("BADR", "DUM_IMPORT.liquidated", DUM, amounts=owed)
        await trade.says("PSP", "PAYMENT.invoiced", invoice, DUM, amounts=owed)
        assert "start" in await offered(phones["finance"])

        # Finance orders it, the manager approves with a code, the provider takes it and says nothing.
        payment = await the_payment(phones["finance"])
        order = {
            "subject": payment["id"], "action": "start", "expectedVersion": payment["version"],
        }  # fmt: skip
        asked = await do(phones["finance"], "PerformAction", **order)
        assert asked["__typename"] == "Approval", asked
        [waits] = await waiting_approvals(phones["manager"])
        decision = {"contents": [waits["content"]["id"]]}
        assert (await do(phones["manager"], "Approve", **decision))["__typename"] == (
            "SecondFactorRequired"
        )
        yes = await do(phones["manager"], "Approve", **decision, proof=code_of("manager"))
        assert yes["state"] == "APPROVED", yes
        for phone in phones.values():
            assert "start" not in await offered(phone)
        await trade.says("PSP", "PAYMENT.no_answer", invoice)

        for login, phone in phones.items():
            seen = await the_payment(phone)
            assert "start" not in await offered(phone), login
            again = {**order, "expectedVersion": seen["version"]}
            refused = await do(phone, "PerformAction", **again)
            assert (refused["__typename"], refused["code"]) == (
                "NotAllowedNow", "DO_NOT_PAY_AGAIN",
            ), login  # fmt: skip


async def the_payment(phone: Phone) -> Any:
    [payment] = [p for p in await procedures(phone) if p["kind"]["code"] == "PAYMENT"]
    return payment


async def offered(phone: Phone) -> set[str]:
    """Everything that the phone offers to do in any of the file's procedures."""
    return {action["code"] for p in await procedures(phone) for action in p["actions"]}


async def procedures(phone: Phone) -> list[Any]:
    [dossier] = (await phone.ask("MyTurn", {"text": DUM.value}))["dossiers"]["nodes"]
    found: list[Any] = dossier["procedures"]["nodes"]
    return found


async def test_what_another_file_of_the_company_has_is_said_before_it_is_sent(trade: Trade) -> None:
    lot = Reference(scheme="LOT", value=f"{DS}/7")
    await trade.says("BADR", "DUM_IMPORT.registered", DUM, lot, BOX)
    async with live(trade.house.url, "declarant") as (phone, _):
        me = (await phone.ask("Home", {"dossiers": 1, "alerts": 1}))["me"]
        drafts = Drafts(phone.ask)
        id_ = drafts.begin(KIND, me["company"]["id"], 1)
        drafts.write(id_, dict(answers(SystemClock().now().date())))
        assert await drafts.send()
        draft = (await phone.ask("Declaration", {"id": id_}))["declaration"]
        found = {(issue["code"], issue["severity"]) for issue in draft["issues"]}
        assert {("CONTAINER_BUSY", "WARN"), ("LOT_TAKEN", "ERROR")} <= found
        refused = await do(
            phone, "RequestApproval", id=draft["id"], expectedVersion=draft["version"]
        )
        assert refused["__typename"] == "InvalidInput", refused
