"""A client that keeps what it read and changes it by events alone, as JSON; it knows nothing but the contract."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeAlias

from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.websockets import WebsocketsTransport

from portnet_server.demo.accounts import PASSWORD

Json: TypeAlias = dict[str, Any]

_FRAGMENTS = """
fragment ReasonAll on Reason { code text lang }
fragment StateAll on ProcedureState { code label short status final outcome }
fragment PlaceAll on Place { code label kind }
fragment ProcedureAll on Procedure {
  id version kind { code version label } reference state { ...StateAll } agency { code label }
  enteredAt targetAt alarmAt waitsFor { id } requested { code by at }
  requests { id version state text lang dueAt answeredAt }
}
fragment DossierAll on Dossier {
  id version reference title company { id name } direction phase status outcome perishable updatedAt
  place { ...PlaceAll } references { scheme value }
  whatNow {
    action actionCode warning since deadline expectedAt takenBy takenAt
    holder { kind label agency { code } contact { label phone } }
    place { ...PlaceAll } reasons { ...ReasonAll }
  }
  procedures { total nodes { ...ProcedureAll } }
}
fragment EntryAll on TimelineEntry {
  id kind occurredAt receivedAt label procedure agency { code label } from { code } to { code }
  reasons { ...ReasonAll }
}
fragment AlertAll on Alert {
  id code level text state collapseKey replaces deepLink raisedAt expiresAt acknowledgedBy acknowledgedAt
  dossier { id }
}
fragment CaseAll on HelpCase { id text state openedAt answer closedAt closedBy dossier { id } }
fragment DeclarationAll on Declaration {
  id version revision kind formVersion state updatedAt company { id name } broker { id }
  values { path value } issues { path code severity message } reasons { ...ReasonAll }
  changes { path label before after } procedure { id }
}
fragment ApprovalAll on Approval {
  id version state role deadline requestedBy requestedAt decidedBy decidedAt onBehalfOf reason
  company { id } content { id headline why amount { amount currency } summary { path label text } }
}
"""
_SNAPSHOT = """
query Snapshot {
  feeds { audience cursor }
  me { name roles company { id } mandates { state company { id } } }
  dossiers(first: 20) { nodes { ...DossierAll timeline(first: 30) { nodes { ...EntryAll } } } }
  alerts(first: 50) { nodes { ...AlertAll } }
  myHelpCases { ...CaseAll }
  declarations(first: 50) { nodes { ...DeclarationAll } }
  approvals(first: 50) { nodes { ...ApprovalAll } }
}
"""
_FEED = """
subscription Feed($audience: FeedAudience!, $after: Cursor!) {
  feed(audience: $audience, after: $after) {
    cursor
    item {
      __typename
      ... on DossierChanged { dossier { ...DossierAll } entry { ...EntryAll } }
      ... on AlertChanged { alert { ...AlertAll } }
      ... on RequestChanged { request { state procedure { dossier { id } ...ProcedureAll } } }
      ... on ApprovalChanged { approval { ...ApprovalAll } }
      ... on DeclarationChanged { declaration { ...DeclarationAll } }
      ... on Removed { id }
      ... on AccessChanged { companies }
      ... on HelpChanged { case { ...CaseAll } }
      ... on Reset { reason }
    }
  }
}
"""
_SIGN_IN = """
mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { ... on SignedIn { accessToken } ... on Problem { code } }
}
"""


class Replica:
    """What one person's app holds: a snapshot, and each feed's frames applied to it.

    Attributes:
        dossiers: by id, each with its ``timeline`` by entry id.
        alerts: by id.
        cases: what this person asked the help desk, by id.
        declarations: by id, without those that were discarded.
        approvals: by id, those that wait for this person by their own role.
        heard: the kinds of all items that came, in order; of a dossier's with its entry's kind, or ITSELF.
    """

    def __init__(self, http: AsyncClientSession, socket: AsyncClientSession) -> None:
        self._http = http
        self._socket = socket
        self._feeds: dict[str, AsyncGenerator[Json, None]] = {}
        self._cursors: dict[str, str] = {}
        self._companies: set[str] = set()
        self._incomplete = False
        self.dossiers: Json = {}
        self.alerts: Json = {}
        self.cases: Json = {}
        self.declarations: Json = {}
        self.approvals: Json = {}
        self._me: Json = {}
        self.heard: list[str] = []

    @property
    def held(self) -> Json:
        """All that it shows, to be compared."""
        return {
            "dossiers": self.dossiers,
            "alerts": self.alerts,
            "cases": self.cases,
            "declarations": self.declarations,
            "approvals": self.approvals,
        }

    async def ask(self, document: str, variables: Json | None = None) -> Json:
        """An operation's data."""
        request = GraphQLRequest(document, variable_values=variables)
        data: Json = await self._http.execute(request)
        return data

    async def begin(self) -> None:
        """Take a snapshot and follow both feeds from there."""
        snapshot = await self._snapshot()
        self._hold(snapshot)
        self._cursors = _cursors(snapshot)
        for audience, cursor in self._cursors.items():
            variables = {"audience": audience, "after": cursor}
            request = GraphQLRequest(_document(_FEED), variable_values=variables)
            self._feeds[audience] = self._socket.subscribe(request)

    async def fresh(self) -> Json:
        """What a new app would show now; all that happened before was applied here when this returns."""
        snapshot = await self._snapshot()
        for audience, cursor in _cursors(snapshot).items():
            while self._cursors[audience] != cursor:
                frame = (await anext(self._feeds[audience]))["feed"]
                self._cursors[audience] = frame["cursor"]
                self._apply(frame["item"])
        if self._incomplete:
            # The contract's one case: of a company that was added, no frame tells.
            self._hold(snapshot)
            self._incomplete = False
        return _held(snapshot)

    async def end(self) -> None:
        for feed in self._feeds.values():
            await feed.aclose()

    async def _snapshot(self) -> Json:
        return await self.ask(_document(_SNAPSHOT))

    def _hold(self, snapshot: Json) -> None:
        held = _held(snapshot)
        self.dossiers, self.alerts = held["dossiers"], held["alerts"]
        self.cases = held["cases"]
        self.declarations, self.approvals = held["declarations"], held["approvals"]
        me = self._me = snapshot["me"]
        clients = {m["company"]["id"] for m in me["mandates"] if m["state"] == "ACTIVE"}
        self._companies = {me["company"]["id"], *clients}
        self._incomplete = False

    def _apply(self, item: Json) -> None:
        kind = item["__typename"]
        match kind:
            case "DossierChanged":
                kind = f"{kind} {item['entry']['kind']}" if item["entry"] else kind
                self._dossier_changed(item["dossier"], item["entry"])
            case "AlertChanged":
                kind = f"{kind} {item['alert']['state']}"
                self.alerts[item["alert"]["id"]] = item["alert"]
            case "RequestChanged":
                kind = f"{kind} {item['request']['state']}"
                self._procedure_changed(item["request"]["procedure"])
            case "HelpChanged":
                kind = f"{kind} {item['case']['state']}"
                self.cases[item["case"]["id"]] = item["case"]
            case "DeclarationChanged":
                kind = f"{kind} {item['declaration']['state']}"
                self._declaration_changed(item["declaration"])
            case "ApprovalChanged":
                kind = f"{kind} {item['approval']['state']}"
                self._approval_changed(item["approval"])
            case "Removed":
                self._drop({item["id"]})
                self._drop_entry(item["id"])
            case "AccessChanged":
                self._access_changed(set(item["companies"]))
            case _:
                raise AssertionError(f"nobody asked for a {kind}")
        self.heard.append(kind)

    def _dossier_changed(self, dossier: Json, entry: Json | None) -> None:
        timeline = self.dossiers.get(dossier["id"], {}).get("timeline", {})
        told = {entry["id"]: entry} if entry else {}
        self.dossiers[dossier["id"]] = {**dossier, "timeline": {**timeline, **told}}

    def _procedure_changed(self, procedure: Json) -> None:
        dossier = self.dossiers[procedure.pop("dossier")["id"]]
        held = dossier["procedures"]["nodes"]
        dossier["procedures"]["nodes"] = [
            procedure if p["id"] == procedure["id"] else p for p in held
        ]

    def _declaration_changed(self, declaration: Json) -> None:
        self._drop({declaration["id"]})
        if declaration["state"] != "DISCARDED":
            self.declarations[declaration["id"]] = declaration

    def _approval_changed(self, approval: Json) -> None:
        self.approvals = {i: a for i, a in self.approvals.items() if i != approval["id"]}
        mine = approval["role"] in self._me["roles"]
        if mine and approval["state"] == "PENDING" and approval["requestedBy"] != self._me["name"]:
            self.approvals[approval["id"]] = approval

    def _drop_entry(self, gone: str) -> None:
        for id_, dossier in self.dossiers.items():
            timeline = {i: entry for i, entry in dossier["timeline"].items() if i != gone}
            self.dossiers = {**self.dossiers, id_: {**dossier, "timeline": timeline}}

    def _access_changed(self, companies: set[str]) -> None:
        self._drop({i for i, d in self.dossiers.items() if d["company"]["id"] not in companies})
        gone = {i for i, d in self.declarations.items() if d["company"]["id"] not in companies}
        self._drop(gone)
        self._incomplete |= not companies <= self._companies
        self._companies = companies

    def _drop(self, gone: set[str]) -> None:
        self.dossiers = {i: d for i, d in self.dossiers.items() if i not in gone}
        kept = {i: d for i, d in self.declarations.items() if i not in gone}
        self.declarations = kept
        self.alerts = {i: a for i, a in self.alerts.items() if _file_of(a) not in gone}


@asynccontextmanager
async def following(url: str, login: str, locale: str) -> AsyncGenerator[Replica]:
    """A replica that has begun; its connections end with the block."""
    token = await sign_in(url, login)
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": locale}
    async with AsyncExitStack() as stack:
        http = AIOHTTPTransport(url=f"{url}/graphql", headers=headers)
        socket = WebsocketsTransport(
            url=f"ws{url.removeprefix('http')}/graphql",
            init_payload={"authorization": headers["Authorization"]},
            headers={"Accept-Language": locale},
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        )
        replica = Replica(
            await stack.enter_async_context(Client(transport=http)),
            await stack.enter_async_context(Client(transport=socket)),
        )
        stack.push_async_callback(replica.end)
        await replica.begin()
        yield replica


async def sign_in(url: str, login: str) -> str:
    """An access token of a demo account."""
    variables = {"input": {"clientMutationId": "1", "login": login, "password": PASSWORD}}
    async with Client(transport=AIOHTTPTransport(url=f"{url}/graphql")) as session:
        data = await session.execute(GraphQLRequest(_SIGN_IN, variable_values=variables))
    token: str = data["signIn"]["accessToken"]
    return token


def _document(operation: str) -> str:
    return operation + _FRAGMENTS


def _file_of(alert: Json) -> str | None:
    """None for one that is about no file."""
    return alert["dossier"]["id"] if alert["dossier"] else None


def _cursors(snapshot: Json) -> dict[str, str]:
    return {feed["audience"]: feed["cursor"] for feed in snapshot["feeds"]}


def _held(snapshot: Json) -> Json:
    dossiers = {
        dossier["id"]: {**dossier, "timeline": _by_id(dossier["timeline"])}
        for dossier in snapshot["dossiers"]["nodes"]
    }
    return {
        "dossiers": dossiers,
        "alerts": _by_id(snapshot["alerts"]),
        "cases": {case["id"]: case for case in snapshot["myHelpCases"]},
        "declarations": _by_id(snapshot["declarations"]),
        "approvals": _by_id(snapshot["approvals"]),
    }


def _by_id(connection: Json) -> Json:
    return {node["id"]: node for node in connection["nodes"]}
