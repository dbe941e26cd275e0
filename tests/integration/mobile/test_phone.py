"""A phone on a bad network misses nothing, sees nothing twice, and says what it cannot do."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest

from portnet_mobile.changes import (
    AlertArrived,
    AlertUpdated,
    Change,
    Changes,
    ConnectionLost,
    ConnectionRestored,
    DossierRemoved,
    DossierUpdated,
    Ended,
    SnapshotNeeded,
    SnapshotTaken,
)
from portnet_mobile.errors import Refused, Rejected
from portnet_mobile.phone import Connection, Phone, PushDevice
from portnet_mobile.store import Store
from tests.integration.mobile.pace import DrivenClock, Steady
from tests.integration.mobile.scripted import ScriptedServer
from tests.integration.mobile.world import OTHER, opaque

FILE, SECOND = opaque("Dossier", 1), opaque("Dossier", 2)
LINE = (ConnectionLost, ConnectionRestored, SnapshotTaken, SnapshotNeeded)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def server() -> ScriptedServer:
    server = ScriptedServer()
    server.open_dossier(FILE)
    return server


async def a_phone(
    stack: AsyncExitStack,
    url: str,
    *,
    password: str = "secret",
    device: PushDevice | None = None,
    clock: DrivenClock | None = None,
    share: float = 0.0,
) -> Phone:
    phone = Phone(
        url,
        "salma",
        password,
        device=device,
        clock=clock or DrivenClock(),
        chance=Steady(share),
    )
    return await stack.enter_async_context(phone)


async def started(stack: AsyncExitStack, server: ScriptedServer) -> tuple[Phone, Changes]:
    phone = await a_phone(stack, await stack.enter_async_context(server.serving()))
    changes = phone.changes()
    await phone.start()
    await server.until(lambda: server.live)
    return phone, changes


async def until(changes: Changes, fact: Callable[[Change], bool]) -> list[Change]:
    """What was noticed up to and with the change that makes it true."""
    noticed: list[Change] = []
    async with asyncio.timeout(10):
        async for change in changes:
            noticed.append(change)
            if fact(change):
                break
    return noticed


async def messages(changes: Changes, count: int) -> list[str]:
    """The next so many messages, whatever the line did meanwhile."""
    told: list[str] = []
    async with asyncio.timeout(20):
        while len(told) < count:
            change = await anext(changes)
            if isinstance(change, DossierUpdated) and change.entry is not None:
                told.append(change.entry.label)
            else:
                assert isinstance(change, LINE), change
    return told


def held(phone: Phone) -> Store:
    assert phone.store is not None
    return phone.store


async def test_it_signs_in_registers_for_pushes_and_holds_the_snapshot(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    await server.alert(opaque("Alert", 1), "Visite.")
    device = PushDevice(address="token-1", label="Pixel")
    url = await stack.enter_async_context(server.serving())
    phone = await a_phone(stack, url, device=device)
    changes = phone.changes()
    await phone.start()
    assert await anext(changes) == SnapshotTaken(dossiers=1, alerts=1)
    assert [d["address"] for d in server.devices] == ["token-1"]
    assert list(held(phone).dossiers) == [FILE]
    assert held(phone).unread == 1


async def test_a_hold_shows_while_it_happens_with_its_alert(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    phone, changes = await started(stack, server)
    await until(changes, lambda change: isinstance(change, SnapshotTaken))
    what = {"warning": "Ne vendez pas la marchandise."}
    await server.message(FILE, "Mise sous consigne", status="BLOCKED", what=what)
    moved = await anext(changes)
    assert isinstance(moved, DossierUpdated)
    assert moved.before is not None
    assert (moved.before.status, moved.after.status) == ("WAITING_AGENCY", "BLOCKED")
    assert moved.after.what_now.warning == "Ne vendez pas la marchandise."
    await server.alert(opaque("Alert", 1), "Mise sous consigne.", level=4)
    arrived = await anext(changes)
    assert isinstance(arrived, AlertArrived)
    assert held(phone).unread == 1


@pytest.mark.parametrize("carried", [1, 2, 3])
async def test_a_socket_cut_at_any_message_shows_the_same_sequence(
    carried: int, server: ScriptedServer, stack: AsyncExitStack
) -> None:
    phone, changes = await started(stack, server)
    server.cut_after = carried
    expected = [f"message {n}" for n in range(8)]
    for label in expected:
        await server.message(FILE, label)
    assert await messages(changes, 8) == expected
    assert held(phone).dossiers[FILE].version == 9


async def test_a_phone_that_drops_its_socket_after_each_message_misses_none(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    phone, changes = await started(stack, server)
    for n in range(5):
        await server.message(FILE, f"before {n}")
        assert await messages(changes, 1) == [f"before {n}"]
        phone.cut()
        await server.message(FILE, f"meanwhile {n}")
        assert await messages(changes, 1) == [f"meanwhile {n}"]


async def test_the_line_is_told_as_lost_then_as_restored(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    phone, changes = await started(stack, server)
    phone.cut()
    noticed = await until(changes, lambda change: isinstance(change, ConnectionRestored))
    assert noticed[1:] == [
        ConnectionLost(reason="The line was cut.", why="CUT"),
        ConnectionRestored(),
    ]
    assert phone.connection is Connection.LIVE


async def test_snapshot_and_events_equal_a_fresh_snapshot(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    url = await stack.enter_async_context(server.serving())
    phone = await a_phone(stack, url)
    changes = phone.changes()
    await phone.start()
    server.cut_after = 3
    server.open_dossier(SECOND, OTHER)
    await server.message(SECOND, "Enregistrée")
    await server.alert(opaque("Alert", 1), "Visite.")
    await server.message(FILE, "Consigne", status="BLOCKED")
    await server.alert(opaque("Alert", 1), "Visite.", state="SEEN")
    await server.message(FILE, "Admise", status="DONE")
    await server.remove(SECOND)
    server.open_dossier(opaque("Dossier", 3))
    await server.message(opaque("Dossier", 3), "fin")
    await until(changes, lambda c: isinstance(c, AlertUpdated))
    while len(held(phone).heard["COMPANY"].latest) < 5:
        await anext(changes)
    fresh = await a_phone(stack, url)
    await fresh.start()
    assert held(phone).by_urgency() == held(fresh).by_urgency()
    assert held(phone).newest_alerts() == held(fresh).newest_alerts()


async def test_a_reset_reads_everything_again_and_goes_on(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    phone, changes = await started(stack, server)
    await messages_of_a_restored_server(server)
    noticed = await until(
        changes, lambda c: isinstance(c, DossierUpdated) and c.after.status == "DONE"
    )
    assert sum(isinstance(change, SnapshotTaken) for change in noticed) == 2
    await server.until(lambda: server.live)
    await server.message(FILE, "Après")
    assert await messages(changes, 1) == ["Après"]
    assert server.asked.count("Home") == 2
    assert phone.connection is Connection.LIVE


async def messages_of_a_restored_server(server: ScriptedServer) -> None:
    server.dossiers[FILE].update(status="DONE", version=7)
    await server.void_cursors()


async def test_a_mandate_given_brings_that_companys_files(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    phone, changes = await started(stack, server)
    server.open_dossier(SECOND, OTHER)
    await server.change_access([server.dossiers[FILE]["company"]["id"], OTHER["id"]])
    await until(changes, lambda c: isinstance(c, DossierUpdated) and c.after.id == SECOND)
    assert set(held(phone).dossiers) == {FILE, SECOND}


async def test_a_mandate_lost_takes_them_away(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    server.open_dossier(SECOND, OTHER)
    phone, changes = await started(stack, server)
    del server.dossiers[SECOND]
    await server.change_access([server.dossiers[FILE]["company"]["id"]])
    gone = (await until(changes, lambda c: isinstance(c, DossierRemoved)))[-1]
    assert isinstance(gone, DossierRemoved)
    assert gone.before.id == SECOND
    assert set(held(phone).dossiers) == {FILE}


async def test_an_item_of_a_later_contract_does_not_stop_the_feed(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    _, changes = await started(stack, server)
    await server.unknown_item()
    await server.message(FILE, "Ensuite")
    assert await messages(changes, 1) == ["Ensuite"]


async def test_a_long_list_is_read_page_by_page(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    for n in range(2, 122):
        server.open_dossier(opaque("Dossier", n))
    phone, _ = await started(stack, server)
    assert len(held(phone).dossiers) == 121
    assert server.asked.count("Dossiers") == 2


async def test_a_push_is_followed_up_without_a_socket_and_nothing_comes_twice(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    server.refuse_sockets = True
    clock = DrivenClock()
    url = await stack.enter_async_context(server.serving())
    phone = await a_phone(stack, url, clock=clock, share=0.5)
    changes = phone.changes()
    await phone.start()
    await until(changes, lambda change: isinstance(change, ConnectionLost))
    for n in range(3):
        await server.message(FILE, f"message {n}")
    await phone.catch_up()
    assert await messages(changes, 3) == ["message 0", "message 1", "message 2"]
    server.refuse_sockets = False
    await clock.advance(timedelta(minutes=1), sleepers=2)
    await server.until(lambda: server.live)
    await server.message(FILE, "message 3")
    assert await messages(changes, 1) == ["message 3"]


# ---------------------------------------------------------------- what a person does


async def test_an_alert_taken_is_shown_as_taken_at_once(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    id_ = opaque("Alert", 1)
    await server.alert(id_, "Visite.")
    phone, changes = await started(stack, server)
    taken = await phone.acknowledge(id_)
    assert (taken.state, taken.acknowledged_by) == ("ACKNOWLEDGED", "Salma Idrissi")
    assert held(phone).alerts[id_] == taken
    assert isinstance(
        (await until(changes, lambda c: isinstance(c, AlertUpdated)))[-1], AlertUpdated
    )


async def test_an_alert_that_expired_cannot_be_taken(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    id_ = opaque("Alert", 1)
    await server.alert(id_, "Visite.", state="EXPIRED")
    phone, _ = await started(stack, server)
    with pytest.raises(Refused, match="expiré"):
        await phone.acknowledge(id_)


async def test_signing_out_ends_the_session_and_the_phone(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    phone, changes = await started(stack, server)
    await phone.sign_out()
    await server.until(lambda: server.sockets == 0)
    assert server.refresh_token == "ended"
    assert [change async for change in changes][-1] == Ended(reason="Signed out.", why="SIGNED_OUT")


# ---------------------------------------------------------------- the session


async def test_a_lapsed_access_token_is_renewed_once_and_the_feed_goes_on(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    id_ = opaque("Alert", 1)
    await server.alert(id_, "Visite.")
    phone, changes = await started(stack, server)
    server.forget_access_tokens()
    await asyncio.gather(*(phone.report_seen([id_]) for _ in range(5)))
    assert server.refreshed == 1
    assert server.alerts[id_]["state"] == "SEEN"
    await server.message(FILE, "Toujours là")
    noticed = await until(changes, lambda c: isinstance(c, DossierUpdated))
    assert not any(isinstance(change, ConnectionLost) for change in noticed)


async def test_the_session_is_renewed_before_its_token_lapses(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    clock = DrivenClock()
    phone = await a_phone(stack, await stack.enter_async_context(server.serving()), clock=clock)
    await phone.start()
    await server.until(lambda: server.live)
    server.now = clock.now() + timedelta(minutes=9)
    await clock.advance(timedelta(minutes=9))
    await server.until(lambda: server.refreshed == 1)
    await clock.advance(timedelta(minutes=9))
    await server.until(lambda: server.refreshed == 2)
    assert phone.connection is Connection.LIVE


async def test_a_lost_answer_to_a_renewal_is_asked_for_again(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    clock = DrivenClock()
    phone = await a_phone(stack, await stack.enter_async_context(server.serving()), clock=clock)
    await phone.start()
    server.lose_refresh_answers = 1
    await clock.advance(timedelta(minutes=9, seconds=30))
    await server.until(lambda: server.refreshed == 2)
    assert (await phone.ask("Agencies")) == {"agencies": []}


async def test_a_socket_opened_with_a_lapsed_token_renews_it(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    phone, changes = await started(stack, server)
    server.forget_access_tokens()
    phone.cut()
    await server.message(FILE, "Après la coupure")
    assert await messages(changes, 1) == ["Après la coupure"]
    assert server.refreshed == 1


async def test_a_session_ended_elsewhere_ends_the_phone_with_a_sentence(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    phone, changes = await started(stack, server)
    await server.end_session()
    noticed = [change async for change in changes]
    assert noticed[-1] == Ended(reason="The session has ended; sign in again.", why="SESSION_ENDED")
    assert phone.connection is Connection.ENDED


async def test_a_wrong_password_is_said_and_ends_the_phone(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    url = await stack.enter_async_context(server.serving())
    phone = await a_phone(stack, url, password="guess")
    changes = phone.changes()
    with pytest.raises(Refused, match="mot de passe incorrect"):
        await phone.start()
    assert [change async for change in changes] == [
        Ended(reason="Identifiant ou mot de passe incorrect.")
    ]


# ---------------------------------------------------------------- a server that is not well


async def test_a_phone_waits_for_a_server_that_is_not_there_yet(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clock = DrivenClock()
    phone = await a_phone(stack, f"http://127.0.0.1:{port}", clock=clock, share=0.5)
    changes = phone.changes()
    starting = asyncio.create_task(phone.start())
    assert await anext(changes) == ConnectionLost(
        reason="The server cannot be reached.", why="UNREACHABLE"
    )
    await stack.enter_async_context(server.serving(port))
    await clock.advance(timedelta(minutes=1))
    await starting
    await until(changes, lambda change: isinstance(change, ConnectionRestored))
    assert list(held(phone).dossiers) == [FILE]


async def test_a_server_that_is_not_well_is_asked_again(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    server.failures = [503, 502, 500, 429]
    phone, changes = await started(stack, server)
    assert await anext(changes) == ConnectionLost(
        reason="The server is not well: HTTP status 503.", why="UNWELL"
    )
    assert list(held(phone).dossiers) == [FILE]


async def test_a_server_that_does_not_serve_this_app_is_not_asked_again(
    server: ScriptedServer, stack: AsyncExitStack
) -> None:
    server.failures = [404]
    phone = await a_phone(stack, await stack.enter_async_context(server.serving()))
    with pytest.raises(Rejected, match="404"):
        await phone.start()


async def test_a_frame_is_small(server: ScriptedServer, stack: AsyncExitStack) -> None:
    """Sockets are not compressed; ids and cursors here are as long as the server's."""
    _, changes = await started(stack, server)
    what = {"warning": "Ne vendez pas et ne déplacez pas la marchandise."}
    await server.alert(opaque("Alert", 1), "DUM 309-0018538G: circuit orange. Préparez les pièces.")
    await until(changes, lambda change: isinstance(change, AlertArrived))
    assert server.largest_frame <= 600
    await server.message(FILE, "Contrôle documentaire")
    await messages(changes, 1)
    assert server.largest_frame <= 800
    await server.message(FILE, "Mise sous consigne", status="BLOCKED", what=what)
    await messages(changes, 1)
    assert server.largest_frame <= 850
