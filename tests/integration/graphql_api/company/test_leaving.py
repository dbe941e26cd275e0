"""What ends when somebody leaves or a company is suspended, and that two administrators cannot shut each other out."""

import asyncio
from typing import Any

import msgspec

from portnet.domain.access import Role
from portnet.storage import rows
from portnet.storage.engines import query
from tests.integration.graphql_api.approving.test_approvals import (
    APPROVE,
    DELEGATE,
    RETURN,
    RULES,
    requested,
)
from tests.integration.graphql_api.company.test_members import PROOF, SAVE, member, save
from tests.integration.graphql_api.declaring.app import App
from tests.integration.graphql_api.paying.test_paying import PERFORM, invoiced, read
from tests.integration.graphql_api.world import World
from tests.support.identity.factors import enrolled_account

LENT = {"from": "2026-11-23T00:00:00Z", "until": "2026-11-30T00:00:00Z"}


async def suspend(world: World) -> None:
    for source, event in (("PORTNET", "docs_ok"), ("PSP", "paid")):
        await world.post(source, f"SUBSCRIPTION.{event}", {"SUBSCRIPTION": "SUB-1"})
    [row] = await world.database.read(query("SELECT * FROM procedure WHERE code = 'SUBSCRIPTION'"))
    await world.write(msgspec.structs.replace(rows.procedure(row), state="SUSPENDED"))


async def test_two_administrators_who_remove_each_other_leave_one(world: World) -> None:
    second = msgspec.structs.replace(world.users["manager"], roles=(Role.ADMINISTRATOR,))
    await world.write(second)
    tokens = {login: await world.token(login) for login in ("chief", "manager")}

    async def remove(by: str, other: str) -> Any:
        given = {"clientMutationId": by, "proof": PROOF, "member": member(world, other), "active": False}  # fmt: skip
        return await world.send(tokens[by], SAVE, input=given)

    await asyncio.gather(remove("chief", "manager"), remove("manager", "chief"))
    left = await world.database.read(
        query(
            "SELECT login FROM user_account WHERE company = $1 AND active = 1 AND login IN ('chief', 'manager')",
            world.companies["importer"].id,
        )
    )
    assert len(left) == 1
    trail = query("SELECT count(*) FROM audit WHERE action = 'member.left'")
    assert [row[0] for row in await world.database.read(trail)] == [1]


async def test_who_comes_back_begins_without_the_old_authenticator(world: World) -> None:
    user = world.users["declarant"]
    await world.write(
        enrolled_account(world.factor.authenticator, user, world.clock.at, at_sign_in=True)
    )
    left = await save(world, "1", member=member(world, "declarant"), active=False)
    assert left["active"] is False
    async with world.unit() as work:
        factor = await work.second_factor(user.id)
    assert factor is not None
    assert (factor.active, factor.pending, factor.challenges) == (None, None, ())
    actions = query("SELECT action FROM audit ORDER BY seq")
    assert "second_factor.removed" in [r[0] for r in await world.database.read(actions)]


async def test_what_was_lent_by_or_to_who_leaves_is_over_for_good(world: World) -> None:
    me = (await world.data("pretender", "{ me { id } }"))["me"]["id"]
    lent = await App(world, "manager").act(DELEGATE, to=me, **LENT, proof=PROOF)
    assert lent["__typename"] == "Delegation"
    await save(world, "1", member=member(world, "pretender"), active=False)
    await save(world, "2", member=member(world, "pretender"), active=True)
    found = await world.database.read(query("SELECT revoked_at FROM delegation"))
    assert [row[0] is None for row in found] == [False]


async def test_a_suspended_company_decides_lends_and_pays_nothing(world: World) -> None:
    _, asked = await requested(App(world))
    await invoiced(world)
    due = (await read(world))["P-1"]
    await suspend(world)
    world.proofs.asked.clear()
    manager = App(world, "manager")
    contents = [asked["content"]["id"]]
    to = (await world.data("pretender", "{ me { id } }"))["me"]["id"]
    assert (await manager.act(APPROVE, contents=contents))["code"] == "SUSPENDED"
    assert (await manager.act(RETURN, contents=contents, reason="No"))["code"] == "SUSPENDED"
    assert (await manager.act(DELEGATE, to=to, **LENT))["code"] == "SUSPENDED"
    assert (await manager.act(RULES, rules=[]))["code"] == "SUSPENDED"
    assert world.proofs.asked == []
    world.proofs.approved[""] = world.users["declarant"].id
    wish = {"subject": due["id"], "action": "start", "expectedVersion": due["version"]}
    assert (await manager.act(PERFORM, **wish))["code"] == "SUSPENDED"
    assert await world.database.read(query("SELECT 1 FROM outgoing")) == []
