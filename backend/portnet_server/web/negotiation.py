"""Which of the two GraphQL media types a client wants; pure."""

from enum import StrEnum

import msgspec


class MediaType(StrEnum):
    """What the endpoint can answer with."""

    GRAPHQL = "application/graphql-response+json"
    JSON = "application/json"


class Negotiated(msgspec.Struct, frozen=True, kw_only=True):
    """The media type of the answer."""

    media_type: MediaType
    #: The client named application/json and nothing newer: GraphQL over HTTP wants 200 for its
    #: request errors. One that named nothing gets honest status codes.
    legacy: bool = False


def negotiate(accept: str | None) -> Negotiated | None:
    """The best answer to an Accept header; None: the client takes neither."""
    if not accept or not accept.strip():
        return Negotiated(media_type=MediaType.JSON)
    qualities = dict(_ranges(accept))
    graphql = qualities.get(MediaType.GRAPHQL, 0.0)
    wildcard = qualities.get("application/*", qualities.get("*/*", 0.0))
    json = qualities.get(MediaType.JSON, wildcard)
    if graphql > 0 and graphql >= json:
        return Negotiated(media_type=MediaType.GRAPHQL)
    if json > 0:
        return Negotiated(media_type=MediaType.JSON, legacy=MediaType.JSON in qualities)
    return None


def _ranges(accept: str) -> list[tuple[str, float]]:
    return [_range(part) for part in accept.split(",") if part.strip()]


def _range(part: str) -> tuple[str, float]:
    name, *parameters = part.split(";")
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
    return name.strip().lower(), quality
