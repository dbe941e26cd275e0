"""A person's commands: answer what an agency asks, ask it for something; with a code where the server wants one.

A write that needs a second factor is sent again as it was, under the same name, with the code.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

import msgspec

from portnet_mobile.client import Variables, mutation_id
from portnet_mobile.contract import Identified
from portnet_mobile.errors import PhoneError, Refused
from portnet_mobile.words import Words

T = TypeVar("T")

SECOND_FACTOR: Final = "SECOND_FACTOR_REQUIRED"
#: Requests that may still be answered, though one's deadline is over.
_OPEN: Final = frozenset({"NEW", "EXPIRED"})
_MOST_WORDS = 3


class Line(Protocol):
    """The phone's line to the server."""

    async def inquire(self, operation: str, type_: type[T], variables: Variables) -> T: ...

    async def act(
        self, operation: str, field: str, variables: Variables, type_: type[T], typename: str
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


class _Write(msgspec.Struct, frozen=True, kw_only=True):
    """A mutation as it is sent; ``typename`` is the member of its union that means yes."""

    operation: str
    field: str
    typename: str
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
        return await self._send("PerformAction", "performAction", "Procedure", variables)

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
        self, operation: str, field: str, typename: str, variables: dict[str, object]
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
            await self._line.act(
                write.operation, write.field, variables, Identified, write.typename
            )
        except Refused as refused:
            if refused.problem.code == SECOND_FACTOR:
                self._waiting = write
            return str(refused)
        return self._words()("do", "sent")
