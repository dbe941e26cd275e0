"""Which media type a client gets."""

import pytest

from portnet_server.web.negotiation import MediaType, Negotiated, negotiate

GRAPHQL = Negotiated(media_type=MediaType.GRAPHQL)
JSON = Negotiated(media_type=MediaType.JSON)
LEGACY = Negotiated(media_type=MediaType.JSON, legacy=True)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", LEGACY),
        ("application/json; charset=utf-8", LEGACY),
        ("application/graphql-response+json", GRAPHQL),
        ("Application/GraphQL-Response+JSON;charset=utf-8", GRAPHQL),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL),
        ("application/json, application/graphql-response+json", GRAPHQL),
        ("application/graphql-response+json;q=0.1, application/json", LEGACY),
        ("application/graphql-response+json;q=0, */*", JSON),
        ("text/event-stream, */*;q=0.1", JSON),
        ("text/html", None),
        ("text/event-stream", None),
        ("application/json;q=0", None),
        ("application/json;q=x", None),
        (",;,", None),
    ],
)
def test_an_accept_header_names_the_answer(accept: str | None, wanted: Negotiated | None) -> None:
    assert negotiate(accept) == wanted
