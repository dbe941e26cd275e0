"""Tokens that are not ours, or not for this, against the running server: none of them is anybody."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Mapping

import aiohttp
import jwt
import pytest

from portnet.security.tokens import token_key
from portnet_server.demo.accounts import PASSWORD
from tests.end_to_end.replica import sign_in
from tests.support.house.opening import SECRET, OpenHouse

KEY = token_key(SECRET)
Claims = Mapping[str, object]


def _signed(claims: Claims, key: bytes = KEY.secret, kid: str = KEY.kid) -> str:
    return jwt.encode(dict(claims), key, algorithm="HS256", headers={"kid": kid})


def _part(content: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _without_a_signature(claims: Claims) -> str:
    return f"{_part({'alg': 'none', 'typ': 'JWT', 'kid': KEY.kid})}.{_part(claims)}."


def _none_with_our_signature(claims: Claims) -> str:
    signature = _signed(claims).rsplit(".", 1)[1]
    return _without_a_signature(claims) + signature


def _of_another_algorithm(claims: Claims) -> str:
    signed = f"{_part({'alg': 'HS512', 'typ': 'JWT', 'kid': KEY.kid})}.{_part(claims)}"
    digest = hmac.digest(KEY.secret, signed.encode(), "sha512")
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


FORGED: Mapping[str, Callable[[Claims], str]] = {
    "no signature": _without_a_signature,
    "alg none, our signature": _none_with_our_signature,
    "another algorithm": _of_another_algorithm,
    "another key under our name": lambda claims: _signed(claims, b"x" * 32),
    "a key that nobody has": lambda claims: _signed(claims, kid="unknown"),
    "another audience": lambda claims: _signed({**claims, "aud": "portnet-agency"}),
    "another issuer": lambda claims: _signed({**claims, "iss": "somebody"}),
    "a claim of another type": lambda claims: _signed({**claims, "sid": 7}),
    "expired": lambda claims: _signed({**claims, "exp": int(time.time()) - 1}),
    "from the future": lambda claims: _signed(
        {**claims, "iat": int(time.time()) + 3_600, "exp": int(time.time()) + 4_000}
    ),
    "a session that never was": lambda claims: _signed(
        {**claims, "sid": "01HZZZZZZZZZZZZZZZZZZZZZZZ"}
    ),
    "truncated": lambda claims: _signed(claims)[:-1],
    "without its last part": lambda claims: _signed(claims).rsplit(".", 1)[0],
    "twice": lambda claims: f"{_signed(claims)}.{_signed(claims)}",
    "very long": lambda claims: _signed({**claims, "jti": "x" * 4_000}),
}


async def _is_let_in(house: OpenHouse, authorization: str) -> bool:
    async with (
        aiohttp.ClientSession(headers={"Authorization": authorization}) as http,
        http.post(f"{house.url}/graphql", json={"query": "{ me { id } }"}) as response,
    ):
        answer = await response.json(content_type=None)
    if response.status == 200 and "errors" not in answer:
        return True
    assert response.status in (200, 401)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    return False


@pytest.fixture
async def claims(house: OpenHouse) -> Claims:
    """Those of a token that is good."""
    token = await sign_in(house.url, "declarant")
    told: Claims = jwt.decode(token, options={"verify_signature": False})
    assert await _is_let_in(house, f"Bearer {token}")
    assert await _is_let_in(house, f"Bearer {_signed(told)}")
    return told


async def test_no_forged_token_is_anybody(house: OpenHouse, claims: Claims) -> None:
    let_in = [
        name for name, forge in FORGED.items() if await _is_let_in(house, f"Bearer {forge(claims)}")
    ]
    assert let_in == []


async def test_a_token_of_one_kind_does_not_do_for_the_other(house: OpenHouse) -> None:
    document = """mutation S($i: SignInInput!) { signIn(input: $i) {
      ... on SignedIn { accessToken refreshToken } } }"""
    refresh = """mutation R($i: RefreshSessionInput!) { refreshSession(input: $i) {
      __typename } }"""
    given = {"clientMutationId": "1", "login": "declarant", "password": PASSWORD}
    async with aiohttp.ClientSession() as http:

        async def ask(query: str, **variables: object) -> dict[str, dict[str, str]]:
            body = {"query": query, "variables": {"i": variables}}
            async with http.post(f"{house.url}/graphql", json=body) as response:
                data: dict[str, dict[str, str]] = (await response.json(content_type=None))["data"]
            return data

        tokens = (await ask(document, **given))["signIn"]
        assert not await _is_let_in(house, f"Bearer {tokens['refreshToken']}")
        answer = await ask(refresh, clientMutationId="2", refreshToken=tokens["accessToken"])
    assert answer["refreshSession"]["__typename"] == "WrongCredentials"


@pytest.mark.parametrize("scheme", ["", "Basic ", "bearer\t", "Token "])
async def test_another_scheme_is_nobody(house: OpenHouse, scheme: str) -> None:
    token = await sign_in(house.url, "declarant")
    assert not await _is_let_in(house, f"{scheme}{token}")
