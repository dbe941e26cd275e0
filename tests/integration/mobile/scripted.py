"""A server whose every answer a test decides: the contract over HTTP and one WebSocket.

It holds one person's world as JSON. Frames carry the state at the time they are rendered, as the
real server's do; it can cut sockets, forget tokens and void cursors.
"""

import asyncio
import base64
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from aiohttp import WSMsgType, web
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    execute_sync,  # pyright: ignore[reportUnknownVariableType]  # graphql-core leaves it so
    parse,
    validate,
)

from tests.integration.mobile.world import (
    COMPANY,
    START,
    Json,
    alert_json,
    dossier_json,
    json_object,
    opaque,
    page_json,
    person_json,
    stamp,
)

CONTRACT = Path(__file__).parents[3] / "graphql/schema.graphql"


class Unauthenticated(GraphQLError):
    """Signed out, or a token that has lapsed."""

    def __init__(self) -> None:
        super().__init__("Sign in first.", extensions={"code": "UNAUTHENTICATED"})


class _Line:
    """An open socket and how many frames it carried."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self.socket, self.transport = socket, transport
        self.frames = self.feeds = 0


class ScriptedServer:
    """One person's server; ``async with server.serving() as url``."""

    def __init__(self, sdl: str | None = None) -> None:
        self.schema: GraphQLSchema = build_schema(sdl or CONTRACT.read_text(encoding="utf-8"))
        self.now = START
        self.token_life = timedelta(minutes=10)
        self.dossiers: dict[str, Json] = {}
        self.alerts: dict[str, Json] = {}
        self.entries: dict[str, Json] = {}
        self.feeds: dict[str, list[Json]] = {"COMPANY": [], "ME": []}
        self.generation = 1
        self.access, self.refresh_token, self.previous_token = "", "", ""
        self.password = "secret"
        self.session = 0
        self.refreshed = 0
        self.asked: list[str] = []
        self.devices: list[Json] = []
        #: Cut each socket before it is accepted.
        self.refuse_sockets = False
        #: Cut each socket when it has carried so many frames.
        self.cut_after: int | None = None
        #: Answer so many requests with this status first.
        self.failures: list[int] = []
        #: So many refreshes are done, and their answers lost.
        self.lose_refresh_answers = 0
        self.largest_frame = 0
        #: Whom to call about every dossier.
        self.contact: Json | None = None
        self._lines: set[_Line] = set()
        self._drop_answer = False
        self._news = asyncio.Condition()

    # ------------------------------------------------------------ what happens in this world

    def open_dossier(self, id_: str, company: Json = COMPANY, **fields: object) -> None:
        self.dossiers[id_] = dossier_json(id_, company, self.now, **fields)

    async def message(self, dossier: str, label: str, **fields: object) -> None:
        """An agency moves a dossier."""
        self.now += timedelta(minutes=7)
        held = self.dossiers.get(dossier) or dossier_json(dossier, COMPANY, self.now)
        what = {
            **held["whatNow"],
            "since": stamp(self.now),
            **(json_object(fields.pop("what", {}))),
        }
        self.dossiers[dossier] = {
            **held,
            "version": held["version"] + 1,
            "updatedAt": stamp(self.now),
            "whatNow": what,
            **fields,
        }
        entry = opaque("TimelineEntry", len(self.entries))
        self.entries[entry] = {
            "id": entry,
            "kind": "APPLIED",
            "occurredAt": stamp(self.now),
            "receivedAt": stamp(self.now),
            "label": label,
            "agency": {"code": "ONSSA", "label": "ONSSA"},
            "reasons": [],
        }
        await self._tell("COMPANY", "DossierChanged", dossier, entry)

    async def alert(self, id_: str, text: str, level: int = 3, state: str = "NEW") -> None:
        held = self.alerts.get(id_) or alert_json(id_, text, level, self.now)
        self.alerts[id_] = {**held, "state": state}
        await self._tell("ME", "AlertChanged", id_)

    async def remove(self, dossier: str) -> None:
        del self.dossiers[dossier]
        await self._tell("COMPANY", "Removed", dossier)

    async def change_access(self, companies: list[str]) -> None:
        await self._tell("COMPANY", "AccessChanged", companies)

    async def unknown_item(self) -> None:
        await self._tell("COMPANY", "Nothing", "")

    async def void_cursors(self) -> None:
        """The data was restored: all cursors of before are void."""
        self.generation += 1
        await self._changed()

    def forget_access_tokens(self) -> None:
        self.access = "lapsed"

    async def end_session(self) -> None:
        """Signed out from elsewhere."""
        self.access = self.refresh_token = self.previous_token = "ended"
        for line in tuple(self._lines):
            await line.socket.close(code=4403, message=b"Session ended")

    async def cut_all(self) -> None:
        for line in tuple(self._lines):
            line.transport.abort()
        await self._changed()

    @property
    def sockets(self) -> int:
        """How many are open."""
        return len(self._lines)

    @property
    def live(self) -> bool:
        """A phone listens to both of its feeds."""
        return any(line.feeds == len(self.feeds) for line in self._lines)

    async def until(self, fact: Callable[[], bool]) -> None:
        """Wait for something to be asked or told that makes it true."""
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(fact), 10)

    async def _tell(self, audience: str, kind: str, subject: object, entry: str = "") -> None:
        feed = self.feeds[audience]
        feed.append({"kind": kind, "subject": subject, "entry": entry, "at": stamp(self.now)})
        await self._changed()

    async def _changed(self) -> None:
        async with self._news:
            self._news.notify_all()

    # ------------------------------------------------------------ the contract

    def _cursor(self, audience: str, seq: int) -> str:
        return opaque(f"{self.generation:08}:{audience:<10}", seq)

    def _frame(self, audience: str, seq: int) -> Json:
        row = self.feeds[audience][seq - 1]
        return {"cursor": self._cursor(audience, seq), "at": row["at"], "item": self._item(row)}

    def _item(self, row: Json) -> Json | None:
        kind, subject = row["kind"], row["subject"]
        match kind:
            case "DossierChanged":
                held = self.dossiers.get(subject)
                entry = self.entries[row["entry"]]
                return held and {"__typename": kind, "dossier": held, "entry": entry}
            case "AlertChanged":
                return {"__typename": kind, "alert": self.alerts[subject]}
            case "Removed":
                return {"__typename": kind, "id": subject}
            case "AccessChanged":
                return {"__typename": kind, "companies": subject}
            case _:
                return None

    def _reset(self, audience: str) -> Json:
        item = {"__typename": "Reset", "reason": "GENERATION"}
        head = self._cursor(audience, len(self.feeds[audience]))
        return {"cursor": head, "at": stamp(self.now), "item": item}

    def _root(self, signed_in: bool) -> Json:
        def guarded(value: object) -> object:
            def resolve(_info: object, **_arguments: object) -> object:
                if not signed_in:
                    raise Unauthenticated
                return value

            return resolve

        return {
            "me": guarded(person_json(self.now)),
            "feeds": guarded(
                [
                    {"audience": audience, "cursor": self._cursor(audience, len(rows))}
                    for audience, rows in self.feeds.items()
                ]
            ),
            "dossiers": self._dossiers if signed_in else guarded(None),
            "dossier": self._dossier,
            "nodes": self._nodes if signed_in else guarded(None),
            "alerts": guarded(page_json(list(self.alerts.values()))),
            "agencies": guarded([]),
            "sync": self._sync if signed_in else guarded(None),
            "signIn": self._sign_in,
            "refreshSession": self._refresh_session,
            "signOut": self._sign_out if signed_in else guarded(None),
            "registerDevice": self._register if signed_in else guarded(None),
            "reportAlerts": self._report if signed_in else guarded(None),
            "acknowledgeAlert": self._acknowledge if signed_in else guarded(None),
        }

    def _dossiers(self, _info: object, first: int, after: str | None = None, **_: object) -> Json:
        ordered = sorted(self.dossiers.values(), key=_urgency)
        start = int(after or 0)
        page = [_with_files(dossier) for dossier in ordered[start : start + first]]
        end = start + len(page)
        more = end < len(ordered)
        return {"nodes": page, "pageInfo": {"endCursor": str(end), "hasNextPage": more}}

    def _nodes(self, _info: object, ids: list[str]) -> list[Json | None]:
        return [self._closer(self.dossiers[id_]) if id_ in self.dossiers else None for id_ in ids]

    def _closer(self, dossier: Json) -> Json:
        what = dossier["whatNow"]
        more = {"takenBy": None, "silentSince": None}
        holder = {**what["holder"], "contact": self.contact}
        return {**dossier, "whatNow": {**what, **more, "holder": holder}}

    def _dossier(self, _info: object, id: str) -> Json | None:
        return self.dossiers.get(id)

    def _sync(self, _info: object, after: str, first: int) -> Json:
        audience, seq, generation = _position(after)
        head = len(self.feeds[audience])
        void = generation != self.generation
        last = head if void else min(seq + first, head)
        frames = [] if void else [self._frame(audience, n) for n in range(seq + 1, last + 1)]
        cursor = self._cursor(audience, last)
        return {"frames": frames, "cursor": cursor, "hasMore": last < head, "reset": void}

    def _sign_in(self, _info: object, input: Json) -> Json:
        if input["password"] != self.password:
            return {
                "__typename": "WrongCredentials",
                "code": "WRONG_CREDENTIALS",
                "message": "Identifiant ou mot de passe incorrect.",
            }
        return self._session_json()

    def _refresh_session(self, _info: object, input: Json) -> Json:
        if input["refreshToken"] not in {self.refresh_token, self.previous_token}:
            return {
                "__typename": "WrongCredentials",
                "code": "WRONG_CREDENTIALS",
                "message": "La session est terminée.",
            }
        self.refreshed += 1
        if self.lose_refresh_answers:
            # The token was handed over, and the phone will never know: it asks again.
            self.lose_refresh_answers -= 1
            self._drop_answer = True
        return self._session_json()

    def _session_json(self) -> Json:
        self.session += 1
        self.previous_token = self.refresh_token
        self.access, self.refresh_token = f"access-{self.session}", f"refresh-{self.session}"
        return {
            "__typename": "SignedIn",
            "accessToken": self.access,
            "refreshToken": self.refresh_token,
            "expiresAt": stamp(self.now + self.token_life),
        }

    def _sign_out(self, _info: object, input: Json) -> Json:
        self.access = self.refresh_token = self.previous_token = "ended"
        return {"clientMutationId": input["clientMutationId"]}

    def _register(self, _info: object, input: Json) -> Json:
        self.devices.append(input)
        return {"__typename": "Device", "id": opaque("device", len(self.devices))}

    def _report(self, _info: object, input: Json) -> Json:
        for alert in input["alerts"]:
            self.alerts[alert]["state"] = "SEEN"
        return {"clientMutationId": input["clientMutationId"]}

    def _acknowledge(self, _info: object, input: Json) -> Json:
        held = self.alerts[input["id"]]
        if held["state"] == "EXPIRED":
            message = "Cette alerte a expiré."
            code = "NOT_ALLOWED_NOW"
            return {
                "__typename": "NotAllowedNow",
                "code": code,
                "message": message,
                "state": "EXPIRED",
            }
        held.update(state="ACKNOWLEDGED", acknowledgedBy="Salma Idrissi")
        return {"__typename": "Alert", **held}

    # ------------------------------------------------------------ the two transports

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncGenerator[str]:
        """Its URL, on this machine."""
        app = web.Application()
        app.add_routes([web.post("/graphql", self._http), web.get("/graphql", self._socket)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await self.cut_all()
            await runner.cleanup()

    async def _http(self, request: web.Request) -> web.Response:
        if self.failures:
            return web.Response(status=self.failures.pop(0), text="not well")
        body = await request.json()
        self.asked.append(body["operationName"])
        document = self._document(body["query"])
        bearer = request.headers.get("Authorization", "")
        answer = self._run(document, body, self._root(self._knows(bearer)))
        if self._drop_answer:
            self._drop_answer = False
            assert request.transport is not None
            request.transport.abort()
        await self._changed()
        status = 401 if _unauthenticated(answer) else 200
        return web.Response(
            body=msgspec.json.encode(answer),
            status=status,
            content_type="application/graphql-response+json",
        )

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("graphql-transport-ws",))
        await socket.prepare(request)
        assert request.transport is not None
        line = _Line(socket, request.transport)
        streams: list[asyncio.Task[None]] = []
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    break
                await self._receive(line, message.json(), streams)
        finally:
            for stream in streams:
                stream.cancel()
            await asyncio.gather(*streams, return_exceptions=True)
            self._lines.discard(line)
            await self._changed()
        return socket

    async def _receive(self, line: _Line, message: Json, streams: list[asyncio.Task[None]]) -> None:
        match message["type"]:
            case "connection_init":
                if self.refuse_sockets:
                    line.transport.abort()
                    return
                if not self._knows(message["payload"]["authorization"]):
                    await line.socket.close(code=4403, message=b"Forbidden")
                    return
                self._lines.add(line)
                await line.socket.send_json({"type": "connection_ack"})
                await self._changed()
            case "subscribe":
                stream = self._stream(line, message["id"], message["payload"])
                streams.append(asyncio.create_task(stream))
                line.feeds += 1
                await self._changed()
            case _:
                pass

    async def _stream(self, line: _Line, id_: str, payload: Json) -> None:
        document = self._document(payload["query"])
        audience, seq, generation = _position(payload["variables"]["after"])
        while True:
            await self._beyond(audience, seq, generation)
            if generation != self.generation:
                frame = self._reset(audience)
                generation, seq = self.generation, len(self.feeds[audience])
            else:
                seq += 1
                frame = self._frame(audience, seq)
            await self._send(line, id_, self._run(document, payload, {"feed": frame}))

    async def _beyond(self, audience: str, seq: int, generation: int) -> None:
        async with self._news:
            await self._news.wait_for(
                lambda: generation != self.generation or len(self.feeds[audience]) > seq
            )

    async def _send(self, line: _Line, id_: str, answer: Json) -> None:
        if self.cut_after is not None and line.frames >= self.cut_after:
            line.transport.abort()
            return
        line.frames += 1
        text = msgspec.json.encode({"id": id_, "type": "next", "payload": answer})
        self.largest_frame = max(self.largest_frame, len(text))
        await line.socket.send_str(text.decode())

    def _knows(self, authorization: str) -> bool:
        return bool(self.access) and authorization == f"Bearer {self.access}"

    def _document(self, text: str) -> DocumentNode:
        document = parse(text)
        assert validate(self.schema, document) == []
        return document

    def _run(self, document: DocumentNode, body: Json, root: Json) -> Json:
        result = execute_sync(
            self.schema,
            document,
            root_value=root,
            variable_values=body.get("variables"),
            operation_name=body.get("operationName"),
        )
        return json_object(result.formatted)


def _position(cursor: str) -> tuple[str, int, int]:
    generation, audience, seq = (
        base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split(":")
    )
    return audience.strip(), int(seq), int(generation)


def _urgency(dossier: Json) -> tuple[int, float]:
    order = ("BLOCKED", "ACTION_REQUIRED", "WAITING_AGENCY", "DONE")
    return order.index(dossier["status"]), -datetime.fromisoformat(dossier["updatedAt"]).timestamp()


def _unauthenticated(answer: Json) -> bool:
    return any(
        e.get("extensions", {}).get("code") == "UNAUTHENTICATED" for e in answer.get("errors", ())
    )


def _with_files(dossier: Json) -> Json:
    """Nothing is to be done in any of them."""
    files: Json = {"nodes": []}
    return {**dossier, "procedures": files}
