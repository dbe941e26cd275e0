"""A person's commands: answer what an agency asks, ask it for something, approve; with a code where one is wanted.

A write that needs a second factor is sent again as it was, under the same name, with the code.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

import msgspec

from portnet_mobile.client import Variables, mutation_id
from portnet_mobile.errors import PhoneError, Refused
from portnet_mobile.words import Words

T = TypeVar("T")

SECOND_FACTOR: Final = "SECOND_FACTOR_REQUIRED"
#: Requests that may still be answered, though one's deadline is over.
_OPEN: Final = frozenset({"NEW", "EXPIRED"})
_MOST_WORDS = 3
#: As many as a terminal shows.
_MOST_APPROVALS = 9


class Line(Protocol):
    """The phone's line to the server."""

    async def inquire(self, operation: str, type_: type[T], variables: Variables) -> T: ...

    async def act(
        self,
        operation: str,
        field: str,
        variables: Variables,
        type_: type[T],
        typename: str | frozenset[str],
    ) -> T: ...


class _Coded(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    code: str


class Offered(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    code: str
    label: str


class Asked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: str
    version: int
    state: str
    text: str


class File(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A procedure: what may be asked for in it, and what is asked of us."""

    id: str
    version: int
    kind: _Coded
    actions: list[Offered]
    requests: list[Asked]

    @property
    def open_requests(self) -> list[Asked]:
        return [request for request in self.requests if request.state in _OPEN]


class _Files(msgspec.Struct, frozen=True, kw_only=True):
    nodes: list[File]


class _Dossier(msgspec.Struct, frozen=True, kw_only=True):
    procedures: _Files


class _Dossiers(msgspec.Struct, frozen=True, kw_only=True):
    nodes: list[_Dossier]


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the operation MyTurn."""

    dossiers: _Dossiers

    @property
    def files(self) -> list[File]:
        return [file for dossier in self.dossiers.nodes for file in dossier.procedures.nodes]


class _Text(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    text: str


class _Content(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    headline: str
    summary: list[_Text]


class Waiting(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What waits for a yes, as the manager sees it."""

    content: _Content
    requested_by: str


class _Sheets(msgspec.Struct, frozen=True, kw_only=True):
    nodes: list[Waiting]


class ApprovalList(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the operation Approvals."""

    approvals: _Sheets


class _Done(msgspec.Struct, frozen=True, kw_only=True):
    """The member of a mutation's union that means yes."""

    typename: str = msgspec.field(default="", name="__typename")


class _Write(msgspec.Struct, frozen=True, kw_only=True):
    """A mutation as it is sent; ``typename`` is the member of its union that means yes."""

    operation: str
    field: str
    typename: str | frozenset[str]
    variables: dict[str, object]


class Doer:
    """Does what is typed, line by line, and says in a sentence what became of it.

    Attributes:
        wants_code: the next line is the code of a second factor; an empty one gives up.
    """

    def __init__(self, line: Line, words: Callable[[], Words]) -> None:
        self._line = line
        self._words = words
        self._waiting: _Write | None = None
        #: Contents by the number under which they were shown last: a yes is to what was read.
        self._shown: dict[str, str] = {}

    @property
    def wants_code(self) -> bool:
        return self._waiting is not None

    async def typed(self, line: str) -> str:
        """Never raises what the server or the line says: that is the answer."""
        try:
            return await self._typed(line.strip())
        except PhoneError as error:
            return self._words()("why", error.why) if error.why else str(error)

    async def _typed(self, line: str) -> str:
        if self._waiting is not None:
            return await self._with_code(self._waiting, line)
        verb, reference, rest = [*line.split(maxsplit=_MOST_WORDS - 1), "", "", ""][:_MOST_WORDS]
        match verb.lower():
            case "look" if reference and not rest:
                return self._offers(await self._files(reference))
            case "do" if reference and rest:
                return await self._do(await self._files(reference), rest)
            case "answer" if reference and rest:
                return await self._answer(await self._files(reference), rest)
            case "approve" if not reference:
                return await self._what_waits()
            case "approve" if not rest:
                return await self._approve(reference)
            case _:
                return self._words()("do", "usage")

    async def _files(self, reference: str) -> Sequence[File]:
        return (await self._line.inquire("MyTurn", Turn, {"text": reference})).files

    def _offers(self, files: Sequence[File]) -> str:
        said = [f"{f.kind.code}: {a.code} ({a.label})" for f in files for a in f.actions]
        said += [f"{f.kind.code}? {r.text}" for f in files for r in f.open_requests]
        return " · ".join(said) or self._words()("do", "nothing")

    async def _do(self, files: Sequence[File], action: str) -> str:
        file = next((f for f in files if action in {a.code for a in f.actions}), None)
        if file is None:
            return self._words()("do", "nothing")
        variables: dict[str, object] = {
            "subject": file.id,
            "action": action,
            "expectedVersion": file.version,
        }
        # What needs somebody's yes becomes an approval first.
        taken = frozenset({"Procedure", "Approval"})
        return await self._send("PerformAction", "performAction", taken, variables)

    async def _what_waits(self) -> str:
        page = {"first": _MOST_APPROVALS}
        waiting = (await self._line.inquire("Approvals", ApprovalList, page)).approvals.nodes
        numbered = [(str(number), sheet) for number, sheet in enumerate(waiting, start=1)]
        self._shown = {number: sheet.content.id for number, sheet in numbered}
        return "   ".join(map(_sheet, numbered)) or self._words()("do", "none_waits")

    async def _approve(self, number: str) -> str:
        content = self._shown.get(number)
        if content is None:
            return self._words()("do", "unlisted")
        return await self._send("Approve", "approve", "Approval", {"contents": [content]})

    async def _answer(self, files: Sequence[File], text: str) -> str:
        asked = [request for file in files for request in file.open_requests]
        if not asked:
            return self._words()("do", "nothing")
        variables: dict[str, object] = {
            "request": asked[-1].id,
            "expectedVersion": asked[-1].version,
            "text": text,
        }
        return await self._send("AnswerRequest", "answerRequest", "InformationRequest", variables)

    async def _send(
        self,
        operation: str,
        field: str,
        typename: str | frozenset[str],
        variables: dict[str, object],
    ) -> str:
        named = {"clientMutationId": mutation_id(), **variables}
        write = _Write(operation=operation, field=field, typename=typename, variables=named)
        return await self._sent(write, {})

    async def _with_code(self, write: _Write, code: str) -> str:
        self._waiting = None
        if not code:
            return self._words()("do", "given_up")
        return await self._sent(write, {"proof": {"code": code}})

    async def _sent(self, write: _Write, proof: Variables) -> str:
        variables = {**write.variables, **proof}
        try:
            done = await self._line.act(
                write.operation, write.field, variables, _Done, write.typename
            )
        except Refused as refused:
            if refused.problem.code == SECOND_FACTOR:
                self._waiting = write
            return str(refused)
        if done.typename == "Approval":
            return self._words()("do", "approved" if write.field == "approve" else "asked")
        return self._words()("do", "sent")


def _sheet(numbered: tuple[str, Waiting]) -> str:
    number, sheet = numbered
    told = " · ".join(f"{one.label}: {one.text}" for one in sheet.content.summary)
    return f"[{number}] {sheet.content.headline} ({sheet.requested_by}) {told}"
