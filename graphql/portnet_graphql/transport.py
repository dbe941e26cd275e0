"""Requests as the transports hand them over, and what they get back to send; knows no schema and no transport."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TypeAlias

import msgspec
from graphql import GraphQLFormattedError


class OperationRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A GraphQL request as it comes, in a POST body or a `subscribe` message."""

    query: str
    operation_name: str | None = None
    variables: dict[str, object] | None = None
    extensions: dict[str, object] | None = None


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request comes from; sockets keep it, so it holds no other header."""

    address: str | None = None
    accept_language: str | None = None
    user_agent: str | None = None


class Single(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A query or mutation; `run` answers an encoded result and is called at most once."""

    run: Callable[[], Awaitable[bytes]]
    mutation: bool


class Stream(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A subscription: encoded results, which may be shared by many phones.

    It holds nothing before its first step, and gives all back when closed.
    """

    payloads: AsyncGenerator[bytes, None]


class Refused(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A request error: the answer has these errors and no `data`; at least one."""

    errors: Sequence[GraphQLFormattedError]


PreparedOperation: TypeAlias = Single | Stream | Refused
