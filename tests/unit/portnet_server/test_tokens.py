"""A session's tokens: an access token that says who, and refresh tokens of which each has one successor."""

from hypothesis import given
from hypothesis import strategies as st

from portnet.domain.access import Role, User
from portnet.security.tokens import AccessClaims, AccessTokens, token_key
from portnet_server.tokens import SessionTokens
from tests.support.clock import NOON, SteppedClock
from tests.support.ids import CountedIds

SECRET = b"s" * 32
SESSION = "01JCZ6Q5N0000000000000000A"
USER = User(
    id="01JCZ6Q5N0000000000000000B",
    company="01JCZ6Q5N0000000000000000C",
    login="declarant",
    name="Salma",
    roles=(Role.DECLARANT,),
    locale="fr",
    phone=None,
)


def tokens(secret: bytes = SECRET) -> SessionTokens:
    return SessionTokens(AccessTokens(token_key(secret)), secret, CountedIds(SteppedClock()))


def test_an_access_token_says_who_in_which_session_and_company() -> None:
    made = tokens().access(USER, SESSION, sandbox=True, now=NOON)
    claims = AccessTokens(token_key(SECRET)).verify(made.text, NOON)
    assert isinstance(claims, AccessClaims)
    assert (claims.user, claims.session, claims.company) == (USER.id, SESSION, USER.company)
    assert claims.sandbox
    assert claims.expires_at == made.expires_at > NOON


def test_two_access_tokens_are_two() -> None:
    maker = tokens()
    one, two = (maker.access(USER, SESSION, sandbox=False, now=NOON) for _ in range(2))
    assert one.text != two.text


def test_a_first_refresh_token_is_drawn_and_a_successor_derived() -> None:
    maker = tokens()
    first, other = maker.first(SESSION), maker.first(SESSION)
    assert first.text != other.text
    successor = maker.successor(SESSION, first.hash)
    assert maker.successor(SESSION, first.hash) == successor
    assert tokens().successor(SESSION, first.hash) == successor
    assert successor.text not in (first.text, maker.successor(SESSION, other.hash).text)


def test_who_has_a_token_but_not_the_servers_secret_cannot_tell_the_next() -> None:
    first = tokens().first(SESSION)
    ours = tokens().successor(SESSION, first.hash)
    assert tokens(b"x" * 32).successor(SESSION, first.hash).text != ours.text


def test_what_was_given_is_recognised_when_it_comes_back() -> None:
    first = tokens().first(SESSION)
    presented = tokens().present(first.text)
    assert presented is not None
    assert (presented.session, presented.hash) == (SESSION, first.hash)


@given(st.text())
def test_what_was_not_given_is_nothing(text: str) -> None:
    assert tokens().present(text) is None
