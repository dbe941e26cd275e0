"""Documents run into bytes: as stock Strawberry would answer, shared by a group, without growth."""

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import msgspec
import pytest
import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema_directive import Location

from portnet_graphql.documents import Documents, Prepared
from portnet_graphql.errors import (
    ContractError,
    ContractSchema,
    ErrorCode,
    InvalidRequest,
    presented,
)
from portnet_graphql.execution import Renderer, bind, execute, subscribe

pytestmark = pytest.mark.filterwarnings("error")


@strawberry.schema_directive(locations=[Location.FIELD_DEFINITION], name="viewer")
class Viewer:
    """As in the contract."""


@strawberry.enum
class Audience(Enum):
    COMPANY = "company"
    ME = "me"


@strawberry.type
class Step:
    code: str

    @strawberry.field
    def label(self, info: strawberry.Info[dict[str, str], None]) -> str:
        return f"{self.code} {info.context['locale']}"

    @strawberry.field
    async def delay(self) -> int:
        await asyncio.sleep(0)
        return 7


@strawberry.interface
class Node:
    id: strawberry.ID
    follow: bool


@strawberry.type
class Dossier(Node):
    steps: list[Step]
    #: The type's field differs between viewers, the interface's does not say so.
    follow: bool = strawberry.field(directives=[Viewer()])


@strawberry.type
class Frame:
    cursor: str
    dossier: Dossier


@strawberry.type
class Query:
    @strawberry.field
    def amount(self) -> Decimal:
        return Decimal("12.50")

    @strawberry.field
    def twice(self, number: int = 1) -> int:
        return number * 2

    @strawberry.field
    def forbidden(self) -> str | None:
        raise ContractError(ErrorCode.RATE_LIMITED, "Slow down.", retryAfter=3)

    @strawberry.field
    def broken(self) -> str | None:
        raise KeyError("secret")

    @strawberry.field
    def too_big(self) -> int | None:
        return 2**40

    @strawberry.field
    def node(self) -> Node:
        return dossier(0)


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, name: str) -> str:
        return name


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def feed(
        self,
        audience: Audience = Audience.COMPANY,
        after: Annotated[str | None, strawberry.argument()] = None,
    ) -> AsyncGenerator[Frame, None]:
        for number in range(3):
            yield frame(number)


def dossier(number: int) -> Dossier:
    return Dossier(
        id=strawberry.ID(str(number)), steps=[Step(code=f"S{n}") for n in range(5)], follow=True
    )


def frame(number: int) -> Frame:
    return Frame(cursor=f"c{number}", dossier=dossier(number))


SCHEMA = ContractSchema(
    Query,
    Mutation,
    Subscription,
    types=[Dossier],
    config=StrawberryConfig(disable_field_suggestions=True),
)
FEED = """subscription Feed($after: String, $long: Boolean! = true) {
  feed(after: $after) { cursor dossier { id ...S @include(if: $long) } }
}
fragment S on Dossier { steps { code label } }"""
ASYNC_FEED = "subscription { feed { cursor dossier { steps { delay label } } } }"


def prepared(text: str) -> Prepared:
    return Documents(SCHEMA).prepare(text)


async def answer(
    text: str, variables: dict[str, object] | None = None, name: str | None = None
) -> Any:
    return msgspec.json.decode(await execute(prepared(text), variables, name, {"locale": "fr"}))


async def test_a_query_answers_data_with_scalars_as_json() -> None:
    assert await answer("{ amount twice(number: 4) }") == {"data": {"amount": "12.50", "twice": 8}}


async def test_the_operation_is_chosen_by_its_name() -> None:
    text = "query A { twice } query B { double: twice(number: 5) } mutation C { rename(name: 1) }"
    text = text.replace("name: 1", 'name: "x"')
    assert await answer(text, name="B") == {"data": {"double": 10}}
    assert await answer(text, name="C") == {"data": {"rename": "x"}}
    for name in (None, "D", ""):
        with pytest.raises(InvalidRequest) as refused:
            bind(prepared(text), None, name, None)
        assert codes(refused.value) == ["BAD_REQUEST"]


def codes(refused: InvalidRequest) -> list[str]:
    return [error.get("extensions", {})["code"] for error in refused.errors]


@pytest.mark.parametrize("variables", [None, {}, {"n": "x"}, {"n": None}, {"n": {"a": [1]}}])
def test_variables_that_do_not_fit_refuse_the_request(variables: dict[str, object] | None) -> None:
    with pytest.raises(InvalidRequest) as refused:
        bind(prepared("query ($n: Int!) { twice(number: $n) }"), variables, None, None)
    assert codes(refused.value) == ["BAD_REQUEST"]
    assert "$n" in str(refused.value)


def test_a_subscription_is_never_run_as_a_query() -> None:
    with pytest.raises(InvalidRequest):
        bind(prepared(FEED), None, None, None)
    with pytest.raises(InvalidRequest):
        Renderer(prepared("{ twice }"), None)


async def test_an_expected_error_keeps_its_code_and_leaves_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    result = await answer("{ forbidden }")
    assert result["data"] == {"forbidden": None}
    assert result["errors"][0]["message"] == "Slow down."
    assert result["errors"][0]["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 3}
    assert result["errors"][0]["path"] == ["forbidden"]
    assert not caplog.records


async def test_a_bug_is_masked_and_logged_once_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    result = await answer("{ broken }")
    shown = result["errors"][0]
    assert "secret" not in msgspec.json.encode(result).decode()
    assert shown["extensions"]["code"] == "INTERNAL"
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError
    assert shown["extensions"]["correlationId"] in record.getMessage()


async def test_a_result_that_its_type_refuses_is_our_bug(caplog: pytest.LogCaptureFixture) -> None:
    result = await answer("{ tooBig }")
    assert result["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert len(caplog.records) == 1


async def test_an_argument_refused_at_run_time_is_the_clients_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    result = await answer("query ($n: Int = 1) { twice(number: $n) }", {"n": None})
    assert result["data"] is None
    assert result["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert not caplog.records


async def test_stock_strawberry_over_our_schema_logs_no_expected_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await SCHEMA.execute("{ forbidden }")
    assert not caplog.records
    await SCHEMA.execute("{ broken }")
    assert len(caplog.records) == 1


@pytest.mark.parametrize("text", [FEED, ASYNC_FEED])
async def test_rendered_bytes_equal_stock_strawberrys_subscription(text: str) -> None:
    stock = [
        msgspec.json.encode({"data": result.data})
        async for result in await SCHEMA.subscribe(text, context_value={"locale": "ar"})
        if not result.errors
    ]
    renderer = Renderer(prepared(text), None)
    ours = [await renderer.render(frame(number), {"locale": "ar"}) for number in range(3)]
    assert ours == stock
    assert len(ours) == 3


async def test_each_batch_sees_its_own_context() -> None:
    renderer = Renderer(prepared(FEED), None)
    french = await renderer.render(frame(1), {"locale": "fr"})
    english = await renderer.render(frame(1), {"locale": "en"})
    assert b"S0 fr" in french
    assert b"S0 en" in english


async def test_a_frame_with_a_bug_is_masked_and_the_next_one_is_whole(
    caplog: pytest.LogCaptureFixture,
) -> None:
    renderer = Renderer(prepared(FEED), None)
    # A shared context without what a resolver asks for.
    broken = msgspec.json.decode(await renderer.render(frame(1), {}))
    assert {error["extensions"]["code"] for error in broken["errors"]} == {"INTERNAL"}
    assert b"errors" not in await renderer.render(frame(1), {"locale": "fr"})
    assert caplog.records


@pytest.fixture
def quiet_collector() -> Iterator[None]:
    """Keeps garbage until the test counts, so that cycles count as growth too."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("quiet_collector")
@pytest.mark.parametrize("text", [FEED, ASYNC_FEED])
async def test_thousands_of_frames_leave_nothing_behind(text: str) -> None:
    renderer = Renderer(prepared(text), None)
    for number in range(50):
        await renderer.render(frame(number), {"locale": "fr"})
    before = census()
    for number in range(3_000):
        await renderer.render(frame(number), {"locale": "fr"})
    growth = census() - before
    # graphql-core's leak was 170 objects for each event: half a million here.
    assert growth.total() < 300, growth.most_common(5)


def census() -> Counter[str]:
    gc.collect()
    return Counter(type(thing).__name__ for thing in gc.get_objects())


def test_a_group_shares_everything_but_the_cursor() -> None:
    document = prepared(FEED)

    def key(audience: str = "company:1", locale: str = "fr", **variables: object) -> object:
        return subscribe(document, variables, None).group(audience=audience, locale=locale)

    same = key(after="c1")
    assert same is not None
    assert key(after="c2") == key() == key(after=None, unknown=1) == same
    assert hash(key(after="c2")) == hash(same)
    assert key(long=False) != same
    assert key(locale="ar") != same
    assert key(audience="company:2") != same
    other = subscribe(prepared(FEED + " "), None, None).group(audience="company:1", locale="fr")
    assert other != same


def test_a_cursor_that_occurs_elsewhere_stays_in_the_key() -> None:
    twice = """subscription ($x: String) { feed(after: $x) { cursor } ...F }
      fragment F on Subscription { feed(after: $x) { cursor } }"""
    keys = {
        subscribe(prepared(twice), {"x": cursor}, None).group(audience="a", locale="fr")
        for cursor in ("c1", "c2")
    }
    assert len(keys) == 2


def test_a_subscription_tells_its_field_and_arguments() -> None:
    text = """subscription ($a: Audience!, $c: String) {
      live: feed(audience: $a, after: $c) { cursor } }"""
    subscription = subscribe(prepared(text), {"a": "ME", "c": "c9"}, None)
    assert subscription.field == "feed"
    assert subscription.arguments == {"audience": Audience.ME, "after": "c9"}
    assert subscribe(prepared(FEED), None, None).arguments["audience"] is Audience.COMPANY


@pytest.mark.parametrize("variables", [{"a": "NOBODY"}, {"a": None}, {}, {"a": 1}])
def test_a_subscriptions_bad_variables_refuse_it(variables: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        subscribe(
            prepared("subscription ($a: Audience!) { feed(audience: $a) { cursor } }"),
            variables,
            None,
        )


@pytest.mark.parametrize(
    "selection",
    ["follow", "...on Dossier { follow }", "...F", "...on Node { follow }", "f: follow"],
)
def test_a_field_that_depends_on_the_viewer_is_never_shared(selection: str) -> None:
    fragment = "fragment F on Dossier { id follow }" if "...F" in selection else ""
    text = f"subscription {{ feed {{ dossier {{ {selection} }} }} }} {fragment}"
    document = prepared(text)
    assert document.viewer_dependent
    assert subscribe(document, None, None).group(audience="company:1", locale="fr") is None
    assert prepared(f"{{ node {{ {selection} }} }} {fragment}").viewer_dependent


def test_one_failure_behind_many_fields_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    failed = RuntimeError("the loader lost its database")
    shown = presented(
        [GraphQLError("x", path=["nodes", n], original_error=failed) for n in range(3)]
    )
    assert len(caplog.records) == 1
    assert len({error.get("extensions", {})["correlationId"] for error in shown}) == 1
    assert [error.get("path") for error in shown] == [["nodes", n] for n in range(3)]
