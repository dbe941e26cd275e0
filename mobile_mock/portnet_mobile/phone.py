"""A phone: signs in, takes a snapshot, stays live, and says what the person should notice.

It survives what phones live through (a cut, a server that is down, a token that lapsed) without
missing or repeating anything. What is held is changed by `merge` alone.
"""

import asyncio
import enum
import logging
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Sequence
from contextlib import aclosing, contextmanager, suppress
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from weakref import WeakSet

import msgspec

from portnet_mobile.changes import (
    Change,
    Changes,
    ConnectionLost,
    ConnectionRestored,
    Ended,
    SnapshotNeeded,
    SnapshotTaken,
)
from portnet_mobile.client import Client, Socket, Variables, mutation_id
from portnet_mobile.clock import Chance, Clock, Patience, SystemClock
from portnet_mobile.contract import Alert, Alerts, Dossiers, Frame, Home, Identified
from portnet_mobile.errors import NotSignedIn, PhoneError, StaleCursor, Unreachable
from portnet_mobile.merge import alert_answered, apply, differences, snapshot, with_page
from portnet_mobile.step_up import Code
from portnet_mobile.store import Store

T = TypeVar("T")

_logger = logging.getLogger(__name__)

AUDIENCES: Final = ("COMPANY", "ME")

#: Rows in one answer: 50 dossiers are about 25 kB. And when a list is long enough for a phone.
_PAGE = 50
_LONGEST_LIST = 500
_SYNC_PAGE = 100

#: A line that held this long was good: the next wait is short again.
_GOOD_LINE = timedelta(seconds=30)


class Connection(enum.StrEnum):
    """Whether what is shown can be trusted to be new."""

    CONNECTING = "CONNECTING"
    LIVE = "LIVE"
    LOST = "LOST"
    ENDED = "ENDED"


class PushDevice(msgspec.Struct, frozen=True, kw_only=True):
    """Where a push reaches this phone: ``address`` is the push service's token for it."""

    address: str
    label: str
    kind: str = "FCM"


class Phone:
    """One person's phone: ``async with Phone(url, login, password) as phone: await phone.start()``.

    Args:
        url: of the server, http or https, without a path.
        locale: fr, ar or en.
        device: where pushes go; None: this phone gets none.
        code: of the person's authenticator, for an account that is asked for one.
        clock, chance: time and jitter, for tests.
    """

    def __init__(
        self,
        url: str,
        login: str,
        password: str,
        *,
        locale: str = "fr",
        device: PushDevice | None = None,
        code: Code | None = None,
        clock: Clock | None = None,
        chance: Chance | None = None,
    ) -> None:
        self._login, self._password = login, password
        self._locale = locale
        self._device = device
        self._code = code
        self._clock = clock or SystemClock()
        self._client = Client(url, locale=locale, clock=self._clock)
        self._patience = Patience(self._clock, chance)
        self._renewal_patience = Patience(self._clock, chance)
        self._listeners: WeakSet[Changes] = WeakSet()
        self._store: Store | None = None
        self._connection = Connection.CONNECTING
        self._socket: Socket | None = None
        self._life: asyncio.Task[None] | None = None

    @property
    def store(self) -> Store | None:
        """What is held; None before the first snapshot."""
        return self._store

    @property
    def connection(self) -> Connection:
        """As of now."""
        return self._connection

    def changes(self) -> Changes:
        """What the person should notice from now on; each caller gets all of it."""
        changes = Changes()
        self._listeners.add(changes)
        return changes

    async def __aenter__(self) -> Self:
        await self._client.open()
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self._halt()
        self._connection = Connection.ENDED
        self._close_changes()
        await self._client.close()

    # ------------------------------------------------------------ what a person does

    async def start(self) -> None:
        """Sign in, register for pushes, take a snapshot, then stay live until the end.

        Waits for a server that is not there yet, and says so as ConnectionLost.

        Raises:
            Refused: wrong credentials, or a device that is not taken.
            Rejected: the server will never serve this app.
        """
        with self._ends_on_failure():
            await self._insisting(self._begin)
        self._life = asyncio.create_task(self._live())

    async def acknowledge(self, alert: str) -> Alert:
        """Say "I am on it". Raises Refused when it is too late, or an error of the line."""
        answered = await self._client.act(
            "AcknowledgeAlert", "acknowledgeAlert", {"id": alert}, Alert, "Alert"
        )
        self._store, changes = alert_answered(self._held(), answered)
        self._notify(changes)
        return answered

    async def report_seen(self, alerts: Iterable[str]) -> None:
        """These were read; the feed brings their new state, on all devices."""
        seen = {"clientMutationId": mutation_id(), "alerts": list(alerts), "as": "SEEN"}
        await self._client.execute("ReportAlerts", {"input": seen})

    async def sign_out(self) -> None:
        """End the session on the server, and this phone with it."""
        await self._halt()
        await self._client.sign_out()
        self._end("Signed out.", "SIGNED_OUT")

    async def ask(self, operation: str, variables: Variables | None = None) -> dict[str, Any]:
        """The data of one of the app's named operations, as JSON values."""
        return await self._client.execute(operation, variables)

    async def inquire(self, operation: str, type_: type[T], variables: Variables) -> T:
        """The same as a shape."""
        return await self._client.ask(operation, type_, variables)

    async def act(
        self,
        operation: str,
        field: str,
        variables: Variables,
        type_: type[T],
        typename: str | frozenset[str],
    ) -> T:
        """The member ``typename`` of a mutation's union; raises Refused for a Problem."""
        return await self._client.act(operation, field, variables, type_, typename)

    async def catch_up(self) -> None:
        """Hear what came since the last cursor without a socket, as after a push."""
        for audience in AUDIENCES:
            if await self._overtaken(audience):
                await self._take_snapshot()
                return

    def cut(self) -> None:
        """Drop the socket without a word, as a bad network does; the phone comes back by itself."""
        if self._socket is not None:
            self._socket.cut()

    # ------------------------------------------------------------ the phone's own life

    async def _begin(self) -> None:
        if not self._client.signed_in:
            await self._client.sign_in(self._login, self._password, self._code)
        if self._device is not None:
            await self._register(self._device)
        await self._take_snapshot()

    async def _register(self, device: PushDevice) -> None:
        sent = {
            "kind": device.kind,
            "address": device.address,
            "label": device.label,
            "locale": self._locale.upper(),
        }
        await self._client.act("RegisterDevice", "registerDevice", sent, Identified, "Device")

    async def _live(self) -> None:
        with suppress(PhoneError), self._ends_on_failure():
            await _first_of([self._stay_live(), self._stay_signed_in()])

    async def _stay_live(self) -> None:
        while True:
            try:
                await self._listen()
            except StaleCursor:
                # All phones are told at once: they must not all come back at once.
                await self._patience.wait()
                await self._insisting(self._take_snapshot)
            except (Unreachable, NotSignedIn) as error:
                await self._lost(error)

    async def _stay_signed_in(self) -> None:
        while True:
            left = (self._client.renew_at - self._clock.now()).total_seconds()
            if left > 0:
                await self._clock.sleep(left)
                continue
            try:
                await self._client.refresh()
                self._renewal_patience.restore()
            except Unreachable:
                await self._renewal_patience.wait()

    async def _insisting(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await step()
            except (Unreachable, NotSignedIn) as error:
                await self._lost(error)

    async def _listen(self) -> None:
        async with self._client.socket() as socket:
            self._socket = socket
            self._become(Connection.LIVE, ConnectionRestored())
            since = self._clock.now()
            try:
                await _first_of([self._hear(socket, audience) for audience in AUDIENCES])
            finally:
                self._socket = None
                if self._clock.now() - since >= _GOOD_LINE:
                    self._patience.restore()

    async def _hear(self, socket: Socket, audience: str) -> None:
        cursor = self._held().heard[audience].cursor
        async with aclosing(socket.feed(audience, cursor)) as frames:
            async for frame in frames:
                if self._take(audience, frame):
                    raise StaleCursor("The feed asks for a new snapshot.")
                self._patience.restore()

    async def _overtaken(self, audience: str) -> bool:
        """Hear one feed to its head; True: it takes a new snapshot."""
        more = True
        while more:
            after = self._held().heard[audience].cursor
            page = await self._client.sync(after, _SYNC_PAGE)
            if page.reset or any(self._take(audience, frame) for frame in page.frames):
                return True
            more = page.has_more and bool(page.frames)
        return False

    def _take(self, audience: str, frame: Frame) -> bool:
        self._store, changes = apply(self._held(), audience, frame)
        self._notify(changes)
        return any(isinstance(change, SnapshotNeeded) for change in changes)

    async def _take_snapshot(self) -> None:
        home = await self._client.ask("Home", Home, {"dossiers": _PAGE, "alerts": _PAGE})
        store = await self._further_pages(snapshot(home, self._clock.now()), home)
        before, self._store = self._store, store
        self._notify([SnapshotTaken(dossiers=len(store.dossiers), alerts=len(store.alerts))])
        if before is not None:
            self._notify(differences(before, store))

    async def _further_pages(self, store: Store, home: Home) -> Store:
        # A dossier that slips from one page to another meanwhile comes by the feed.
        page = home.dossiers.page_info
        while page.has_next_page and len(store.dossiers) < _LONGEST_LIST:
            variables = {"first": _PAGE, "after": page.end_cursor}
            more = (await self._client.ask("Dossiers", Dossiers, variables)).dossiers
            store, page = with_page(store, dossiers=more.nodes), more.page_info
        page = home.alerts.page_info
        while page.has_next_page and len(store.alerts) < _LONGEST_LIST:
            variables = {"unseenOnly": False, "first": _PAGE, "after": page.end_cursor}
            told = (await self._client.ask("Alerts", Alerts, variables)).alerts
            store, page = with_page(store, alerts=told.nodes), told.page_info
        return store

    def _held(self) -> Store:
        if self._store is None:
            raise RuntimeError("start the phone first")
        return self._store

    # ------------------------------------------------------------ what is told

    async def _lost(self, error: PhoneError) -> None:
        self._become(Connection.LOST, ConnectionLost(reason=str(error), why=error.why))
        await self._patience.wait()

    @contextmanager
    def _ends_on_failure(self) -> Generator[None]:
        try:
            yield
        except PhoneError as error:
            self._end(str(error), error.why)
            raise
        except Exception:
            _logger.exception("the phone failed")
            self._end("The app failed; start it again.", "FAILED")
            raise

    def _end(self, reason: str, why: str) -> None:
        self._become(Connection.ENDED, Ended(reason=reason, why=why))
        self._close_changes()

    def _become(self, connection: Connection, change: Change) -> None:
        first_time = (self._connection, connection) == (Connection.CONNECTING, Connection.LIVE)
        if self._connection not in (connection, Connection.ENDED) and not first_time:
            self._notify([change])
        self._connection = connection

    def _notify(self, changes: Sequence[Change]) -> None:
        for listener in tuple(self._listeners):
            for change in changes:
                listener.put(change)

    def _close_changes(self) -> None:
        for listener in tuple(self._listeners):
            listener.put(None)

    async def _halt(self) -> None:
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
            self._life = None


async def _first_of(lives: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run all until one ends, then stop the others; raises what that one raised."""
    tasks = [asyncio.create_task(life) for life in lives]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
