"""`GET /indicators`: a page in three languages or JSON, for everybody; nothing of the sandbox, no small group."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from litestar.types import HTTPScope, Message

from portnet_server.web.pages.indicators import IndicatorPage
from tests.integration.indicators.live import count_all, go_live, indicators, tell_live
from tests.support.world import World

STORIES = 5


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    body: str

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


async def get(page: IndicatorPage, query: str = "", **headers: str) -> Answer:
    """The page's answer, over plain ASGI."""
    sent: list[Any] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("a GET has no body")

    named = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    scope: Any = {"type": "http", "method": "GET", "query_string": query.encode(), "headers": named}
    typed: HTTPScope = scope
    await page(typed, receive, send)
    start, body = sent
    said = {name.decode(): value.decode() for name, value in start["headers"]}
    return Answer(start["status"], said, body["body"].decode())


@pytest.fixture
async def page(world: World) -> IndicatorPage:
    """Over five green declarations."""
    await go_live(world)
    for run in range(1, STORIES + 1):
        await tell_live(world, "G0", run)
    await count_all(world)
    return IndicatorPage(indicators(world), world.catalogue, world.clock)


@pytest.mark.parametrize(
    ("language", "direction", "words"),
    [
        (
            "fr",
            "ltr",
            ("PortNet en chiffres", "Circuit final des DUM", "Vert", "objectif : au moins 90 %"),
        ),
        ("ar", "rtl", ("بورتنيت بالأرقام", "المسار النهائي للتصاريح", "أخضر")),
        ("en", "ltr", ("The single window in figures", "Steps finished on time", "Green")),
    ],
)
async def test_the_page_speaks_the_readers_language(
    page: IndicatorPage, language: str, direction: str, words: tuple[str, ...]
) -> None:
    answer = await get(page, accept_language=language, accept="text/html,*/*")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}" dir="{direction}">' in answer.body
    assert [word for word in words if word not in answer.body] == []


async def test_programs_get_json(page: IndicatorPage) -> None:
    answer = await get(page, accept="application/json", accept_language="en")
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    assert said["to"] == "2026-11"
    by_code = {(line["code"], line["group"]): line for line in said["indicators"]}
    assert by_code["CHANNEL_MIX", "GREEN"]["mean"] == 100
    assert by_code["CLEARANCE", None]["sample"] == STORIES
    assert by_code["ON_TIME", None]["referenceLabel"] == "goal: at least 90 %"


async def test_published_references_name_their_source(page: IndicatorPage) -> None:
    said = (await get(page, accept="application/json", accept_language="en")).json()
    referred = [line for line in said["indicators"] if line["referenceLabel"]]
    assert referred
    assert all(line["referenceSource"] for line in referred)


async def test_groups_and_months_can_be_chosen(page: IndicatorPage) -> None:
    query = "from=2026-11&to=2026-11&group=AGENCY"
    said = (await get(page, query, accept="application/json", accept_language="en")).json()
    agencies = {line["groupLabel"] for line in said["indicators"] if line["code"] == "AGENCY_STEP"}
    assert agencies == {"Customs and Excise Administration"}
    empty = await get(page, "from=2026-01&to=2026-02", accept_language="en")
    assert "Nothing to show for this period." in empty.body


@pytest.mark.parametrize(
    "query",
    ["group=STEP", "group=COMPANY", "from=yesterday", "from=2026-12&to=2026-11", "from=1990-01"],
)
async def test_what_cannot_be_asked_is_a_400(page: IndicatorPage, query: str) -> None:
    answer = await get(page, query)
    assert answer.status == 400
    assert answer.json()["code"] == "BAD_REQUEST"


async def test_no_company_and_no_reference_is_named(page: IndicatorPage, world: World) -> None:
    names = await world.column("SELECT name FROM company")
    references = await world.column("SELECT value FROM reference")
    for query in ("", "group=OFFICE", "group=AGENCY", "group=MONTH", "group=CHANNEL"):
        body = (await get(page, query)).body
        assert [name for name in (*names, *references) if name in body] == []


async def test_the_figures_are_read_anew_after_a_minute(page: IndicatorPage, world: World) -> None:
    async def sample() -> int:
        said = (await get(page, accept="application/json")).json()
        return next(
            int(line["sample"]) for line in said["indicators"] if line["code"] == "CLEARANCE"
        )

    assert await sample() == STORIES
    await tell_live(world, "G0", 99)
    await count_all(world)
    assert await sample() == STORIES
    world.clock.advance(timedelta(minutes=1))
    assert await sample() == STORIES + 1


async def test_the_sandbox_is_not_published(world: World) -> None:
    for run in range(1, STORIES + 1):
        await world.tell("G0", run)
    await count_all(world)
    answer = await get(
        IndicatorPage(indicators(world), world.catalogue, world.clock), accept_language="en"
    )
    assert "Nothing to show for this period." in answer.body
