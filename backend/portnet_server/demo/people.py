"""The demo's people, when a story waits for one of them: they answer and act through the API, as their phones would."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from portnet.domain.authoring.scenario import Step, Wait
from portnet.domain.request import ANSWERED
from portnet.security.authenticator import code_at
from portnet_mobile.client import Client
from portnet_mobile.clock import SystemClock
from portnet_mobile.contract import Identified
from portnet_mobile.errors import PhoneError
from portnet_server.demo.accounts import PASSWORD, login_of, user_of
from portnet_server.demo.replay import Acted, Telling

#: An action of the catalogue by which a scenario may name the act.
_ACTIONS: Final[Mapping[str, str]] = {"ANSWER_REQUEST": ANSWERED}
#: Seconds between two looks at the file, and how long what was said before may take to be taken in.
_LOOK_AGAIN = 0.1
_TAKEN_IN = 15.0
_ANSWER = "Voici la pièce demandée."
_OPEN_REQUESTS = frozenset({"NEW", "EXPIRED"})


class _Coded(msgspec.Struct, frozen=True):
    code: str


class _Request(msgspec.Struct, frozen=True):
    id: str
    version: int
    state: str


class File(msgspec.Struct, frozen=True):
    """A procedure as its people see it: what they may do, and what is under way."""

    id: str
    version: int
    kind: _Coded
    requested: _Coded | None
    actions: tuple[_Coded, ...]
    requests: tuple[_Request, ...]

    def offers(self, event: str) -> bool:
        return self.requested is None and any(action.code == event for action in self.actions)


class People:
    """Implements `Actor` with the accounts of the demo at ``url``.

    ``leave_it`` to whoever sits at the phone: then nothing is done here, but seen when it is done.
    """

    def __init__(self, url: str, *, leave_it: bool = False) -> None:
        self._url = url
        self._leave_it = leave_it
        self._clock = SystemClock()
        self._phones: dict[str, Client] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def act(self, telling: Telling, number: int, wait: Wait, pause: float | None) -> Acted:
        """See `Actor`. Done only when the agency's system has it and the file has moved."""
        login = login_of(telling.scenario.parties, wait.by)
        if login is None:
            return Acted(wait=wait, at=None, said=f"the demo has no {wait.by} for this story")
        try:
            return await self._act(telling, number, wait, login, pause)
        except PhoneError as error:
            return Acted(wait=wait, at=None, said=f"{login}: {error}")

    async def _act(
        self, telling: Telling, number: int, wait: Wait, login: str, pause: float | None
    ) -> Acted:
        code, event, reference = _named(telling, number, wait)
        phone = await self._phone(login)
        file = await self._look(phone, code, reference, event, offered=True, within=_TAKEN_IN)
        if file is None:
            return Acted(wait=wait, at=None, said=f"{login} is not offered {code}.{event}")
        if not self._leave_it:
            await self._do(login, phone, file, event)
        patience = pause if self._leave_it else _TAKEN_IN
        over = await self._look(phone, code, reference, event, offered=False, within=patience)
        if over is None:
            return Acted(wait=wait, at=None, said=f"{login} did not, or no agency's system took it")
        return Acted(wait=wait, at=self._clock.now(), said=login)

    async def _phone(self, login: str) -> Client:
        if login not in self._phones:
            phone = Client(self._url, locale="fr", clock=self._clock)
            await phone.open()
            self._stack.push_async_callback(phone.close)
            await phone.sign_in(login, PASSWORD)
            self._phones[login] = phone
        return self._phones[login]

    async def _look(
        self,
        phone: Client,
        code: str,
        reference: str,
        event: str,
        *,
        offered: bool,
        within: float | None,
    ) -> File | None:
        """The file once ``event`` is offered there, or once it is over; None when that takes longer."""
        try:
            async with asyncio.timeout(within):
                while True:
                    file = await _file(phone, code, reference)
                    idle = file is not None and file.requested is None
                    if file is not None and idle and file.offers(event) is offered:
                        return file
                    await asyncio.sleep(_LOOK_AGAIN)
        except TimeoutError:
            return None

    async def _do(self, login: str, phone: Client, file: File, event: str) -> None:
        """Raises Refused when the server says why not."""
        if event == ANSWERED:
            asked = next(r for r in reversed(file.requests) if r.state in _OPEN_REQUESTS)
            sent: dict[str, Any] = {
                "request": asked.id,
                "expectedVersion": asked.version,
                "text": _ANSWER,
            }
            await phone.act(
                "AnswerRequest", "answerRequest", sent, Identified, "InformationRequest"
            )
            return
        sent = {"subject": file.id, "action": event, "expectedVersion": file.version}
        await phone.act(
            "PerformAction",
            "performAction",
            sent,
            Identified,
            # What needs a yes waits for the manager.
            frozenset({"Procedure", "Approval"}),
            lambda: self._code(login),
        )

    def _code(self, login: str) -> str:
        """What their authenticator shows now; nothing for those who have none, and are not asked."""
        person = user_of(login)
        secret = person.totp_secret if person else None
        return code_at(secret, self._clock.now()) if secret else ""


def _named(telling: Telling, number: int, wait: Wait) -> tuple[str, str, str]:
    """The procedure's code, the event, and a reference that leads to the file: the first one of its last message."""
    before = [step for step in telling.scenario.steps[: number - 1] if isinstance(step, Step)]
    code, _, event = wait.act.rpartition(".")
    code = code or before[-1].event.partition(".")[0]
    own = next(step for step in reversed(before) if step.event.startswith(f"{code}."))
    return code, _ACTIONS.get(event, event), telling.refs[own.refs[0]]


async def _file(phone: Client, code: str, reference: str) -> File | None:
    data = await phone.execute("MyTurn", {"text": reference})
    found = (node for d in data["dossiers"]["nodes"] for node in d["procedures"]["nodes"])
    files = (msgspec.convert(node, File) for node in found)
    return next((file for file in files if file.kind.code == code), None)
