"""A demo database from nothing: companies, people, mandates, and the agencies' keys."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from portnet.domain.access import Company, Mandate, User, Viewer
from portnet.domain.identity.account import Credentials
from portnet.domain.identity.second_factor import SecondFactor
from portnet.domain.timers import retimed, timers_of_mandate
from portnet.ports.clock import Clock, Ids
from portnet.ports.unit_of_work import UnitsOfWork
from portnet.security.authenticator import TotpAuthenticator
from portnet.security.passwords import Passwords
from portnet.services.alert import Alerts
from portnet.storage.agency_keys import AgencyKeys
from portnet.storage.engines import Database, query
from portnet_server.demo.accounts import COMPANIES, PASSWORD, SOURCES
from portnet_server.demo.keys import new_keys, write_keys

_MANDATE = timedelta(days=365)
#: Seconds between two looks whether the past has been taken in.
_LOOK_AGAIN = 0.05
#: Of what came before the demo began, each person has read all but the newest.
_UNREAD = 3
_READ = (
    "SELECT a.id, a.user_id, u.company FROM alert a JOIN user_account u ON u.id = a.user_id"
    " WHERE a.state = 'NEW' AND $1 <="
    " (SELECT count(*) FROM alert newer WHERE newer.user_id = a.user_id"
    " AND (newer.raised_at, newer.id) > (a.raised_at, a.id)) ORDER BY a.user_id, a.id"
)


async def seed(
    units: UnitsOfWork,
    keyring: AgencyKeys,
    passwords: Passwords,
    authenticator: TotpAuthenticator,
    clock: Clock,
    ids: Ids,
    keys_file: Path,
) -> None:
    """Fill an empty database, and write the senders' keys to ``keys_file``."""
    now = clock.now()
    company_ids = {name: ids.new() for name in COMPANIES}
    people = [(name, user) for name, company in COMPANIES.items() for user in company.users]
    hashes = await asyncio.gather(*(passwords.hash(PASSWORD) for _ in people))
    async with units() as work:
        for name, company in COMPANIES.items():
            work.add(
                Company(
                    id=company_ids[name],
                    kind=company.kind,
                    name=company.name,
                    ice=company.ice,
                    sandbox=True,
                )
            )
        for (name, person), password_hash in zip(people, hashes, strict=True):
            user = User(
                id=ids.new(),
                company=company_ids[name],
                login=person.login,
                name=person.name,
                roles=(person.role,),
                locale=person.locale,
                phone=person.phone,
            )
            work.add(user, Credentials(user=user.id, password_hash=password_hash))
            if person.totp_secret is not None:
                work.add(
                    SecondFactor(
                        user=user.id,
                        company=user.company,
                        active=authenticator.keep(user.id, person.totp_secret, (), now),
                        # The password is public as well: a code would only be in the way.
                        at_sign_in=False,
                    )
                )
        for name in ("importer", "exporter"):
            mandate = Mandate(
                id=ids.new(),
                company=company_ids[name],
                broker=company_ids["broker"],
                starts_at=now - timedelta(days=30),
                ends_at=now + _MANDATE,
            )
            work.add(mandate, retimed((), timers_of_mandate(mandate), (), now))
        await work.commit()
    keys = new_keys(SOURCES, clock)
    for key in keys:
        await keyring.save(key)
    write_keys(keys_file, keys)


async def read_the_past(database: Database, alerts: Alerts, clock: Clock) -> None:
    """Once the intake has settled all there is: everybody has seen their alerts, but for the newest few."""
    waiting = "SELECT 1 FROM agency_inbox WHERE state = 'NEW' LIMIT 1"
    while await database.read(query(waiting)):  # noqa: ASYNC110 - the intake tells nobody that it is done
        await asyncio.sleep(_LOOK_AGAIN)
    read = await database.read(query(_READ, _UNREAD))
    for (user, company), own in groupby(read, key=lambda row: (row["user_id"], row["company"])):
        viewer = Viewer(
            user=user, company=company, session="", sandbox=True, session_expires_at=clock.now()
        )
        await alerts.report_seen(viewer, [row["id"] for row in own])
