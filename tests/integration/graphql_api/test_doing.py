"""What an app does: sessions, devices, alerts; refusals are values with a sentence in the person's language."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.graphql_api.world import PASSWORD, World

SIGN_IN = """mutation ($login: String!, $password: String!) {
  signIn(input: {clientMutationId: "1", login: $login, password: $password}) { __typename
    ... on SignedIn { accessToken refreshToken expiresAt
      viewer { name locale badge { alerts } company { name } mandates { broker { name } } devices { id } } }
    ... on Problem { code message } } }"""
REFRESH = """mutation ($refresh: String!) {
  refreshSession(input: {clientMutationId: "1", refreshToken: $refresh}) { __typename
    ... on SignedIn { accessToken refreshToken viewer { name } } ... on Problem { code message } } }"""
REGISTER = """mutation ($input: RegisterDeviceInput!) { registerDevice(input: $input) { __typename
    ... on Device { id label channel reachable lastSeenAt }
    ... on InvalidInput { code message issues { path code severity message } } } }"""
ALERTS = """query ($unseenOnly: Boolean! = false, $first: Int! = 20, $after: String) {
  me { badge { alerts } } alerts(unseenOnly: $unseenOnly, first: $first, after: $after) {
    nodes { id code level text state deepLink raisedAt expiresAt collapseKey acknowledgedBy acknowledgedAt
      dossier { id reference } procedure { state { short } }
      deliveries { alert channel state recipient at reason } }
    pageInfo { endCursor hasNextPage } } }"""
ACKNOWLEDGE = """mutation ($id: ID!) { acknowledgeAlert(input: {clientMutationId: "1", id: $id}) { __typename
    ... on Alert { id state acknowledgedBy acknowledgedAt }
    ... on NotAllowedNow { code message stateNow: state } } }"""
REPORT = """mutation ($ids: [ID!]!, $as: AlertReport!) {
  reportAlerts(input: {clientMutationId: "m7", alerts: $ids, as: $as}) { clientMutationId } }"""


async def test_signing_in_answers_as_the_person_who_signed_in(world: World) -> None:
    answer = await world.send(None, SIGN_IN, login=" Manager ", password=PASSWORD)
    signed_in = answer["data"]["signIn"]
    assert signed_in["viewer"] == {
        "name": "Manager",
        "locale": "EN",
        "badge": {"alerts": 0},
        "company": {"name": "Importer"},
        "mandates": [{"broker": {"name": "Broker"}}],
        "devices": [],
    }
    me = await world.send(signed_in["accessToken"], "{ me { name } }")
    assert me["data"]["me"]["name"] == "Manager"


async def test_two_sign_ins_in_one_operation_are_two_people(world: World) -> None:
    text = """mutation ($p: String!) {
      a: signIn(input: {clientMutationId: "1", login: "declarant", password: $p}) {
        ... on SignedIn { viewer { name mandates { company { name } } } } }
      b: signIn(input: {clientMutationId: "2", login: "outsider", password: $p}) {
        ... on SignedIn { viewer { name mandates { company { name } } } } } }"""
    data = (await world.send(None, text, p=PASSWORD))["data"]
    assert data["a"]["viewer"] == {
        "name": "Declarant",
        "mandates": [{"company": {"name": "Importer"}}],
    }
    assert data["b"]["viewer"] == {"name": "Outsider", "mandates": []}


@pytest.mark.parametrize(
    ("language", "beginning"),
    [
        ("en-GB, fr;q=0.5", "Wrong"),
        ("ar-MA", "اسم"),
        (None, "Identifiant"),
        ("de, es", "Identifiant"),
    ],
)
async def test_wrong_credentials_are_said_in_the_phones_language(
    world: World, language: str | None, beginning: str
) -> None:
    for login in ("declarant", "nobody"):
        answer = await world.send(None, SIGN_IN, language, login=login, password="wrong")
        problem = answer["data"]["signIn"]
        assert (
            problem["__typename"] == problem["code"].title().replace("_", "") == "WrongCredentials"
        )
        assert problem["message"].startswith(beginning)


async def test_a_session_is_handed_on_once(world: World) -> None:
    first = (await world.send(None, SIGN_IN, login="agent", password=PASSWORD))["data"]["signIn"]
    renewed = (await world.send(None, REFRESH, refresh=first["refreshToken"]))["data"][
        "refreshSession"
    ]
    assert renewed["viewer"]["name"] == "Agent"
    world.clock.at += timedelta(minutes=2)
    stolen = (await world.send(None, REFRESH, refresh=first["refreshToken"]))["data"][
        "refreshSession"
    ]
    assert stolen["code"] == "WRONG_CREDENTIALS"
    assert "refused" in await world.send(renewed["accessToken"], "{ me { id } }")
    for garbage in ("", "x", "pnr_", "é"):
        answer = await world.send(None, REFRESH, refresh=garbage)
        assert answer["data"]["refreshSession"]["code"] == "WRONG_CREDENTIALS"


async def test_a_device_registered_twice_is_one_device(world: World) -> None:
    given = {
        "clientMutationId": "1",
        "kind": "FCM",
        "address": "t1",
        "label": "Pixel",
        "locale": "AR",
    }
    token = await world.token("declarant")
    one = (await world.send(token, REGISTER, input=given))["data"]["registerDevice"]
    two = (await world.send(token, REGISTER, input={**given, "label": "Pixel 8"}))["data"][
        "registerDevice"
    ]
    assert one["id"] == two["id"]
    assert two["label"] == "Pixel 8"
    assert (two["channel"], two["reachable"]) == ("PUSH", True)


@pytest.mark.parametrize(
    ("login", "message", "longest"),
    [("declarant", "Certains", "Au plus 80 caractères."), ("manager", "Some", "At most 80 characters."),
     ("agent", "بعض", "80 حرفا على الأكثر.")],
)  # fmt: skip
async def test_every_fault_of_a_registration_is_named_in_words(
    world: World, login: str, message: str, longest: str
) -> None:
    given = {
        "clientMutationId": "1",
        "kind": "PIGEON",
        "address": " ",
        "label": "x" * 81,
        "locale": "FR",
    }
    problem = (await world.data(login, REGISTER, input=given))["registerDevice"]
    assert problem["code"] == "INVALID_INPUT"
    assert problem["message"].startswith(message)
    assert [(i["path"], i["code"], i["severity"]) for i in problem["issues"]] == [
        ("kind", "UNKNOWN", "ERROR"), ("address", "EMPTY", "ERROR"), ("label", "TOO_LONG", "ERROR")
    ]  # fmt: skip
    assert problem["issues"][2]["message"] == longest


async def test_an_alert_says_what_happened_and_how_it_reached_the_person(world: World) -> None:
    await world.play(6)
    page = await world.data("declarant", ALERTS)
    alert = page["alerts"]["nodes"][0]
    assert alert["text"] == f"fr {alert['code']} {alert['dossier']['reference']}"
    assert alert["deepLink"] == f"/m/alerts/{alert['id']}"
    assert [(d["channel"], d["recipient"]) for d in alert["deliveries"]] == [
        ("PUSH", "Pixel 8"), ("SMS", "•••56")
    ]  # fmt: skip
    assert {d["alert"] for d in alert["deliveries"]} == {alert["id"]}
    assert page["me"]["badge"]["alerts"] == len(page["alerts"]["nodes"])


async def test_pages_of_alerts_join_without_gap_or_repeat(world: World) -> None:
    await world.play(15)
    whole = (await world.data("manager", ALERTS, first=100))["alerts"]["nodes"]
    pages: list[Any] = []
    after, more = None, True
    while more:
        page = (await world.data("manager", ALERTS, first=2, after=after))["alerts"]
        pages += page["nodes"]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert pages == whole
    assert len(whole) > 4


async def test_seen_alerts_leave_the_badge_and_received_ones_do_not(world: World) -> None:
    await world.play(6)
    page = await world.data("declarant", ALERTS)
    ids = [alert["id"] for alert in page["alerts"]["nodes"]]
    foreign = [a["id"] for a in (await world.data("manager", ALERTS))["alerts"]["nodes"]]
    done = await world.data("declarant", REPORT, ids=ids, **{"as": "RECEIVED"})
    assert done == {"reportAlerts": {"clientMutationId": "m7"}}
    assert (await world.data("declarant", ALERTS))["me"]["badge"]["alerts"] == len(ids)
    await world.data("declarant", REPORT, ids=[ids[0], *foreign, "garbage"], **{"as": "SEEN"})
    unseen = await world.data("declarant", ALERTS, unseenOnly=True)
    assert [alert["id"] for alert in unseen["alerts"]["nodes"]] == ids[1:]
    assert unseen["me"]["badge"]["alerts"] == len(ids) - 1
    assert (await world.data("manager", ALERTS))["me"]["badge"]["alerts"] == len(foreign)
    [error] = (await world.ask("declarant", REPORT, ids=["x"] * 101, **{"as": "SEEN"}))["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_who_takes_an_alert_takes_it_for_everybody(world: World) -> None:
    await world.play(6)
    own = (await world.data("declarant", ALERTS))["alerts"]["nodes"][0]["id"]
    taken = (await world.data("declarant", ACKNOWLEDGE, id=own))["acknowledgeAlert"]
    assert (taken["state"], taken["acknowledgedBy"]) == ("ACKNOWLEDGED", "Declarant")
    colleagues = (await world.data("manager", ALERTS))["alerts"]["nodes"][0]
    assert (colleagues["state"], colleagues["acknowledgedBy"]) == ("ACKNOWLEDGED", "Declarant")
    late = (await world.data("manager", ACKNOWLEDGE, id=colleagues["id"]))["acknowledgeAlert"]
    assert late["acknowledgedBy"] == "Declarant"


async def test_an_expired_alert_is_refused_with_a_sentence(world: World) -> None:
    await world.play(6)
    own = (await world.data("manager", ALERTS))["alerts"]["nodes"][0]["id"]
    world.clock.at += timedelta(days=2)
    problem = (await world.data("manager", ACKNOWLEDGE, id=own))["acknowledgeAlert"]
    assert problem == {
        "__typename": "NotAllowedNow",
        "code": "EXPIRED",
        "message": "This alert has expired and can no longer be taken.",
        "stateNow": "EXPIRED",
    }


async def test_anothers_alert_and_garbage_are_not_found_alike(world: World) -> None:
    await world.play(6)
    foreign = (await world.data("manager", ALERTS))["alerts"]["nodes"][0]["id"]
    answers = [
        await world.ask("declarant", ACKNOWLEDGE, id=text) for text in (foreign, "garbage", "")
    ]
    errors = [answer["errors"] for answer in answers]
    assert errors[0] == errors[1] == errors[2]
    assert errors[0][0]["extensions"]["code"] == "NOT_FOUND"
