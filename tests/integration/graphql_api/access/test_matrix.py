"""Every id of one company, asked for by another, by brokers and by nobody, at every place that takes an id.

What is not theirs looks as if it had never been: the same answer, letter by letter, as for an id that nobody has.
"""

import json
import re
from typing import Any

import msgspec
import pytest

from portnet.domain.identifiers import opaque_id, read_opaque_id
from portnet.domain.identity.member import GRANTABLE
from portnet.storage.engines import query
from tests.integration.graphql_api.access.places import contract, document, places
from tests.integration.graphql_api.world import IMPORTER_ICE, RIVAL_ICE, World

SCHEMA = contract()
PLACES = list(places(SCHEMA))
#: A file of the importer's that names a broker without a mandate.
OTHER = {"ONSSA_FILE": "ONSSA-0002"}
_HASH = re.compile(r"[0-9a-f]{64}")
#: What an outsider must not have changed.
_WORK = (
    "dossier", "procedure", "entry", "information_request", "outgoing", "submission", "mandate",
    "company", "alert", "invitation", "feedback", "anomaly",
)  # fmt: skip


def test_the_places_are_found_in_the_contract() -> None:
    found = {str(place) for place in PLACES}
    assert {
        "node(id)", "nodes(ids)", "dossier(id)", "dossiers(filter.company)", "saveMember(input.member)",
        "performAction(input.subject)", "answerRequest(input.request)", "revokeMandate(input.id)",
        "grantMandate(input.broker)", "acknowledgeAlert(input.id)", "reportAlerts(input.alerts)",
    } <= found  # fmt: skip
    assert SCHEMA.subscription_type is not None
    arguments = [a for f in SCHEMA.subscription_type.fields.values() for a in f.args]
    assert set(arguments) == {"audience", "after"}


class Asking:
    """Operations at every place, as one person."""

    def __init__(self, world: World, token: str | None) -> None:
        self._world = world
        self._token = token
        self._keys = 0

    async def at_every_place(self, id_: str) -> dict[str, str]:
        """The answers, without what only echoes the question."""
        answers: dict[str, str] = {}
        for place in PLACES:
            self._keys += 1
            key = f"key-{self._keys}"
            text, variables = document(SCHEMA, place, id_, key)
            answer = await self._world.send(self._token, text, **variables)
            said = json.dumps(answer, sort_keys=True).replace(id_, "ID").replace(f'"{key}"', "KEY")
            answers[str(place)] = _HASH.sub("HASH", said)
        return answers


async def asking(world: World, login: str) -> Asking:
    """Somebody who is everything in their company, so that only whose it is can stop them."""
    user = msgspec.structs.replace(world.users[login], roles=GRANTABLE)
    await world.write(user)
    return Asking(world, await world.token(login))


async def ids_of_importer(world: World) -> list[str]:
    """One id of each kind that the importer has of the file that names no mandated broker."""
    rivals = world.companies["rivals"].id
    [file] = await world.database.read(query("SELECT id FROM dossier WHERE broker = $1", rivals))
    kinds = (
        ("Dossier", "SELECT id FROM dossier WHERE id = $1"),
        ("Procedure", "SELECT id FROM procedure WHERE dossier = $1"),
        ("TimelineEntry", "SELECT id FROM entry WHERE dossier = $1"),
        ("Alert", "SELECT id FROM alert WHERE dossier = $1"),
        ("InformationRequest", "SELECT id FROM information_request WHERE dossier = $1"),
    )
    found: list[str] = []
    for kind, sql in kinds:
        rows = await world.database.read(query(f"{sql} ORDER BY id LIMIT 1", file["id"]))
        assert rows, kind
        found.append(opaque_id(kind, rows[0]["id"]))
    return found


async def own_ids(world: World) -> list[str]:
    """What is the importer's without being of a file."""
    device = """mutation { registerDevice(input: {clientMutationId: "d", kind: "FCM", address: "t",
      label: "Pixel", locale: FR}) { ... on Device { id } } }"""
    registered = (await world.data("declarant", device))["registerDevice"]["id"]
    person = world.users["declarant"].id
    return [registered, opaque_id("Viewer", person), opaque_id("Member", person)]


def never_existed(world: World, id_: str) -> str:
    known = read_opaque_id(id_)
    assert known is not None
    return opaque_id(known.kind, world.ids.new())


async def of_the_importer(world: World, tables: tuple[str, ...] = _WORK) -> list[list[Any]]:
    found: list[list[Any]] = [
        list(await world.database.read(query(f"SELECT * FROM {t}"))) for t in tables
    ]
    return [sorted(repr(list(row)) for row in rows) for rows in found]


async def two_files(world: World) -> None:
    """One names the mandated broker; in the other an agency asks something, and no broker has a mandate."""
    await world.play(6)
    parties = (IMPORTER_ICE, RIVAL_ICE)
    await world.post("ONSSA", "ONSSA_IMPORT.registered", OTHER, ices=parties)
    await world.post("ONSSA", "ONSSA_IMPORT.info_requested", OTHER, ices=parties)


async def finds_nothing(world: World, asked: Asking, ids: list[str]) -> None:
    for id_ in ids:
        answered = await asked.at_every_place(id_)
        assert answered == await asked.at_every_place(never_existed(world, id_))


@pytest.mark.parametrize("login", ["outsider", "rival"])
async def test_another_company_cannot_tell_what_exists(world: World, login: str) -> None:
    await two_files(world)
    ids = [*await ids_of_importer(world), *await own_ids(world)]
    [given] = await world.database.read(query("SELECT id FROM mandate"))
    ids += [opaque_id("Mandate", given["id"]), world.company_id("importer")]
    stranger = await asking(world, login)
    before = await of_the_importer(world)
    await finds_nothing(world, stranger, ids)
    assert await of_the_importer(world) == before


@pytest.mark.parametrize("standing", ["in force", "expired", "revoked"])
async def test_a_broker_cannot_tell_what_other_files_exist(world: World, standing: str) -> None:
    await two_files(world)
    ids = [*await ids_of_importer(world), *await own_ids(world)]
    broker = await asking(world, "agent")
    if standing == "revoked":
        await world.revoke_mandate()
    if standing == "expired":
        [row] = await world.database.read(query("SELECT id FROM mandate"))
        await world.end_mandate(row["id"])
    before = await of_the_importer(world)
    await finds_nothing(world, broker, ids)
    assert await of_the_importer(world) == before


async def test_a_revoked_broker_changes_nothing_of_what_it_may_still_read(world: World) -> None:
    await two_files(world)
    files = "{ dossiers { nodes { id procedures { nodes { id } } } } }"
    [dossier] = (await world.data("agent", files))["dossiers"]["nodes"]
    broker = await asking(world, "agent")
    await world.revoke_mandate()
    before = await of_the_importer(world)
    answers = await broker.at_every_place(dossier["id"])
    assert json.loads(answers["dossier(id)"])["data"]["it"]["id"] == "ID"
    acted = await broker.at_every_place(dossier["procedures"]["nodes"][0]["id"])
    assert '"code": "MANDATE_REVOKED"' in acted["performAction(input.subject)"]
    assert await of_the_importer(world) == before


async def test_nobody_gets_anything_without_signing_in(world: World) -> None:
    await two_files(world)
    ids = await ids_of_importer(world)
    for token in (None, "nonsense"):
        for id_ in ids:
            for place, answer in (await Asking(world, token).at_every_place(id_)).items():
                if place.startswith("signIn("):
                    # A device that somebody names opens nothing.
                    assert '"__typename": "SignedIn"' not in answer, place
                    continue
                assert '"code": "UNAUTHENTICATED"' in answer, place
