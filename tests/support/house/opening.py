"""A real server in the test's own process: a seeded database, the web server on a free port, mock gateways beside it.

The migrations bind one database to the process, so that one house is open at a time.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import msgspec

from portnet.domain.access import Company, CompanyKind, Role, User
from portnet.domain.authoring.scenario import Scenario, Step
from portnet.domain.identity.account import Credentials
from portnet.scenarios import shipped
from portnet.security.keys import derive_key
from portnet.security.passwords import Passwords
from portnet.security.secrets_box import SecretsBox
from portnet.storage.agency_keys import AgencyKeys
from portnet.storage.engines import Database, EngineName, Row, query
from portnet.storage.migrate import migrate
from portnet.storage.unit_of_work import StorageUnitOfWork
from portnet_mobile.gateways import PushGateway, Smsc
from portnet_mobile.phone import Phone, PushDevice
from portnet_server.bootstrap import House, running
from portnet_server.cli.serve import listening
from portnet_server.composition.second_factor import authenticator_of
from portnet_server.config import Config, read_config
from portnet_server.demo.accounts import PASSWORD
from portnet_server.demo.agency_client import AgencyClient, Answer
from portnet_server.demo.keys import read_keys
from portnet_server.demo.replay import Telling, begin
from portnet_server.demo.seed import seed
from portnet_server.system import GrowingIds, SystemClock
from tests.support.databases import Migrate

SECRET = b"the-secret-of-the-tests-own-servers"
#: Companies beside the demo's: one that no message names, and a broker whom nobody gave a mandate.
STRANGERS = (
    ("stranger", CompanyKind.OPERATOR, "000230424000025"),
    ("unmandated", CompanyKind.BROKER, "001753664000096"),
)
#: Seconds that a phone of a test waits at most where a real one is patient.
_HURRY = 0.05
_LOOK_EVERY = 0.005


class HurriedClock:
    """The machine's time for a phone that has no patience; see `portnet_mobile.clock.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, _HURRY))


class OpenHouse:
    """A house that answers at ``url``; ``parts`` are its own, for a look behind the doors."""

    def __init__(
        self, url: str, parts: House, agencies: AgencyClient, push: PushGateway, smsc: Smsc
    ) -> None:
        self.url = url
        self.parts = parts
        self.agencies = agencies
        self.push = push
        self.smsc = smsc

    def phone(self, login: str, locale: str = "fr") -> Phone:
        """Somebody's phone, with a device that the push gateway knows as ``phone:<login>``."""
        device = PushDevice(address=f"phone:{login}", label=login)
        return Phone(self.url, login, PASSWORD, locale=locale, device=device, clock=HurriedClock())

    async def select(self, sql: str, *args: Any) -> list[Row]:
        """Rows of the database, as they are committed now."""
        return await self.parts.database.read(query(sql, *args))

    async def taken_in(self) -> None:
        """Wait until no message waits any more."""
        while await self.parts.inbox.waiting(1):  # noqa: ASYNC110 - nobody tells when it is empty
            await asyncio.sleep(_LOOK_EVERY)

    async def ring(self) -> None:
        """Look at every timer, as if the time of each had come: those whose time has truly come fire."""
        async with self.parts.database.transaction() as transaction:
            await transaction.commit(query("UPDATE timer SET due_at = 0"))
        while due := await self.parts.timers.due(self.parts.clock.now(), 100):
            for timer in due:
                await self.parts.bells.ring(timer)

    async def say(
        self,
        telling: Telling,
        number: int,
        *,
        occurred_at: datetime | None = None,
        wire: dict[str, str] | None = None,
        **changes: Any,
    ) -> Answer:
        """Post step ``number`` (from 1) of a story, or what ``changes`` make of it, at the story's own time.

        ``wire`` are fields of the message that a story's step does not have.
        """
        step, at = steps(telling)[number - 1]
        said = msgspec.structs.replace(step, **changes)
        body = telling.message(number, said, occurred_at or at)
        if wire is not None:
            body = msgspec.json.encode({**msgspec.json.decode(body), **wire})
        return await self.agencies.post(said.source, body)


@asynccontextmanager
async def open_house(
    url: str, folder: Path, keys_file: Path, **settings: Any
) -> AsyncGenerator[OpenHouse]:
    """The house over the seeded database at ``url``; see `furnish`. ``settings`` are fields of its Config."""
    async with AsyncExitStack() as stack:
        push = await stack.enter_async_context(PushGateway())
        smsc = await stack.enter_async_context(Smsc())
        config = msgspec.structs.replace(
            configured(url, folder),
            push_urls=(f"pnpush://:test@{push.address}/v1/projects/test",),
            sms_urls=(f"pnsms://:test@{smsc.address}/sms",),
            **settings,
        )
        parts = await stack.enter_async_context(running(config, SECRET))
        server = await stack.enter_async_context(listening(parts))
        client = AgencyClient(server.address, read_keys(keys_file), SystemClock())
        await stack.enter_async_context(client)
        yield OpenHouse(server.address, parts, client, push, smsc)


def configured(url: str, folder: Path) -> Config:
    """The settings of a server on ``url``, a database of `Databases`, at any free port."""
    config = read_config({"PORTNET_MODE": "demo", "PORTNET_DATA_DIR": str(folder)})
    # The settings refuse port 0: nobody could find such a server.
    return msgspec.structs.replace(config, database_url=setting_of(url), port=0)


def setting_of(url: str) -> str:
    """PORTNET_DATABASE_URL for a database of `Databases`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return f"sqlite:///{parts.path}"
    sockets = parse_qs(parts.query).get("host")
    if parts.hostname or not sockets:
        return url
    # The settings want a host in its place; a folder of sockets is one when it is quoted.
    return f"postgresql://{parts.username}@{quote(sockets[0], safe='')}{parts.path}"


def keys_of(folder: Path, engine: EngineName) -> Path:
    """The agencies' keys of that engine's furnished databases; see `furnish`."""
    return folder / engine / "agency-keys.json"


def furnish(folder: Path) -> Migrate:
    """The migration to a database with today's tables, the demo's people and the strangers; keys go to ``folder``."""

    async def furnished(database: Database) -> None:
        await migrate(database)
        clock = SystemClock()
        ids = GrowingIds(clock)
        keyring = AgencyKeys(SecretsBox(derive_key(SECRET, "agency secrets")))
        passwords = Passwords()
        keys = keys_of(folder, database.dialect.name)
        keys.parent.mkdir(parents=True)
        try:
            await seed(
                lambda: StorageUnitOfWork(database),
                keyring,
                passwords,
                authenticator_of(SECRET),
                clock,
                ids,
                keys,
            )
            await _settle_strangers(database, await passwords.hash(PASSWORD), ids)
        finally:
            passwords.close()

    return furnished


async def _settle_strangers(database: Database, password_hash: str, ids: GrowingIds) -> None:
    async with StorageUnitOfWork(database) as work:
        for login, kind, ice in STRANGERS:
            company = Company(id=ids.new(), kind=kind, name=login.title(), ice=ice, sandbox=True)
            user = User(
                id=ids.new(),
                company=company.id,
                login=login,
                name=login.title(),
                roles=(Role.DECLARANT,),
                locale="fr",
                phone=None,
            )
            work.add(company, user, Credentials(user=user.id, password_hash=password_hash))
        await work.commit()


def new_telling(scenario: str | Scenario, run: int = 1) -> Telling:
    """A run of a scenario, or of a shipped one by its code; its last message happens about now."""
    told = shipped()[scenario] if isinstance(scenario, str) else scenario
    return begin(told, SystemClock(), Random(run))


def steps(telling: Telling) -> list[tuple[Step, datetime]]:
    """The messages of a story that waits for nobody, each with its own time."""
    at = telling.began_at
    found: list[tuple[Step, datetime]] = []
    for step in telling.scenario.steps:
        at += step.after
        if isinstance(step, Step):
            found.append((step, at))
    return found
