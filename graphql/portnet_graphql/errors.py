"""The closed list of errors that an operation may answer with, and the mask over everything else.

Expected refusals of the domain are union members of the schema, never these.
"""

import logging
import secrets
from collections.abc import Iterable
from enum import StrEnum
from typing import assert_never

import strawberry
from graphql import (
    ArgumentNode,
    GraphQLError,
    GraphQLFormattedError,
    Node,
    ValueNode,
    VariableDefinitionNode,
)
from strawberry.types import ExecutionContext

_logger = logging.getLogger(__name__)


class ErrorCode(StrEnum):
    """Every value that `errors[].extensions.code` can take; apps switch on it."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    STALE_CURSOR = "STALE_CURSOR"
    RATE_LIMITED = "RATE_LIMITED"
    CLIENT_TOO_OLD = "CLIENT_TOO_OLD"
    #: The request is not what it claims to be: JSON, parameters, variables, the operation's name.
    BAD_REQUEST = "BAD_REQUEST"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    #: Longer, deeper or costlier than free text may be.
    DOCUMENT_TOO_LARGE = "DOCUMENT_TOO_LARGE"
    #: Our bug; `extensions.correlationId` names the line in our log.
    INTERNAL = "INTERNAL"


class ContractError(Exception):
    """An expected error; resolvers raise it and its message reaches the app.

    Args:
        code: any member but INTERNAL, which only the mask gives.
        message: English, for developers; apps translate the code.
        details: further members of `extensions`, JSON values under camelCase names.
    """

    def __init__(self, code: ErrorCode, message: str, **details: object) -> None:
        super().__init__(message)
        self.code = code
        self.details = details


class InvalidRequest(Exception):
    """The operation cannot start; the answer has these errors and no `data`."""

    def __init__(self, errors: list[GraphQLFormattedError]) -> None:
        super().__init__(errors[0].get("message"))
        self.errors = errors


def request_error(code: ErrorCode, message: str, **details: object) -> GraphQLFormattedError:
    """One formatted error that belongs to no field."""
    return {"message": message, "extensions": {"code": code.value, **details}}


def invalid_request(code: ErrorCode, errors: Iterable[GraphQLError]) -> InvalidRequest:
    """graphql-core's own complaints about a document or its variables, shown as they are."""
    return InvalidRequest([_formatted(error, code, error.message) for error in errors])


def masked(error: BaseException) -> GraphQLFormattedError:
    """What an app sees of an exception: itself if expected, else only a correlation id.

    An unexpected one is logged here, once, with its traceback.
    """
    match error:
        case ContractError():
            return request_error(error.code, str(error), **error.details)
        case _:
            return request_error(ErrorCode.INTERNAL, _HIDDEN, correlationId=_logged(error, None))


def presented(errors: Iterable[GraphQLError]) -> list[GraphQLFormattedError]:
    """The errors of one executed operation, as apps see them.

    One failure that hits many fields (a loader's, say) is logged once and keeps one correlation id.
    """
    correlation: dict[int, str] = {}
    return [_presented(error, correlation) for error in errors]


class ContractSchema(strawberry.Schema):
    """A Strawberry schema whose log holds bugs only: expected errors leave no traceback."""

    def process_errors(
        self,
        errors: list[GraphQLError],
        execution_context: ExecutionContext | None = None,  # noqa: ARG002  # Strawberry's signature
    ) -> None:
        """Log the unexpected ones, as `presented` does."""
        presented(errors)


_HIDDEN = "Something went wrong on our side."


def _presented(error: GraphQLError, correlation: dict[int, str]) -> GraphQLFormattedError:
    match _root(error):
        case ContractError() as cause:
            return _formatted(error, cause.code, str(cause), **cause.details)
        case GraphQLError() as cause if _blames_the_request(cause):
            return _formatted(error, ErrorCode.BAD_REQUEST, cause.message)
        case Exception() as cause:
            known = correlation.get(id(cause)) or _logged(cause, error.path)
            correlation[id(cause)] = known
            return _formatted(error, ErrorCode.INTERNAL, _HIDDEN, correlationId=known)
        case _ as never:
            assert_never(never)


def _root(error: GraphQLError) -> Exception:
    cause: Exception = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _blames_the_request(error: GraphQLError) -> bool:
    """An argument refused at run time points at a value; a result of ours refused, at a field."""
    return any(isinstance(node, _REQUEST_NODES) for node in error.nodes or ())


_REQUEST_NODES: tuple[type[Node], ...] = (ArgumentNode, ValueNode, VariableDefinitionNode)


def _logged(cause: BaseException, path: list[str | int] | None) -> str:
    correlation_id = secrets.token_hex(8)
    where = ".".join(map(str, path)) if path else "the operation"
    _logger.error(
        "unexpected %s in %s, correlation id %s",
        type(cause).__name__,
        where,
        correlation_id,
        exc_info=cause,
        extra={"correlation_id": correlation_id},
    )
    return correlation_id


def _formatted(
    error: GraphQLError, code: ErrorCode, message: str, **details: object
) -> GraphQLFormattedError:
    shown = request_error(code, message, **details)
    if error.locations:
        shown["locations"] = [location.formatted for location in error.locations]
    if error.path:
        shown["path"] = error.path
    return shown
