"""The page at `/`: small valid HTML in three languages, which says what the terminal says."""

import asyncio
from html.parser import HTMLParser
from typing import Any, cast, get_args

import pytest
from litestar.types import HTTPScope, Receive, Send

from portnet.domain.localised import Locale
from portnet_server.demo import guide
from portnet_server.web.page import Page

LOCALES: tuple[Locale, ...] = get_args(Locale)
_VOID = {"meta", "br"}


class Document(HTMLParser):
    """Fails on a tag that is closed out of turn, or never."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}
        self.words: list[str] = []
        self.doctype = ""
        self.feed(html)
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.words).split())

    def handle_decl(self, decl: str) -> None:
        self.doctype = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.setdefault(tag, dict(attrs))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)


def get(page: Page, accept_language: str) -> tuple[dict[bytes, bytes], bytes]:
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "headers": [(b"accept-language", accept_language.encode())]}
    asyncio.run(page(cast("HTTPScope", scope), cast("Receive", receive), cast("Send", send)))
    assert sent[0]["status"] == 200
    return dict(sent[0]["headers"]), sent[1]["body"]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("demo", [8000, None])
def test_the_page_is_small_valid_html_in_the_readers_language(
    locale: Locale, demo: int | None
) -> None:
    headers, body = get(Page(demo), locale)
    document = Document(body.decode())
    assert document.doctype.lower() == "doctype html"
    assert document.attributes["html"] == {
        "lang": locale,
        "dir": "rtl" if locale == "ar" else "ltr",
    }
    assert document.attributes["meta"]["charset"] == "utf-8"
    assert headers[b"content-type"] == b"text/html; charset=utf-8"
    assert headers[b"content-language"] == locale.encode()
    assert headers[b"content-length"] == b"%d" % len(body)
    assert len(body) < 8_000


@pytest.mark.parametrize("locale", LOCALES)
def test_the_page_says_what_the_terminal_says(locale: Locale) -> None:
    shown = Document(get(Page(9000), locale)[1].decode()).text
    for line in guide.as_text("", 9000, locale).splitlines():
        for part in line.split("  "):
            assert " ".join(part.split()) in shown


@pytest.mark.parametrize("demo", [8000, None])
def test_the_page_runs_nothing_and_loads_nothing(demo: int | None) -> None:
    headers, body = get(Page(demo), "en")
    assert headers[b"content-security-policy"].startswith(b"default-src 'none'")
    assert not {"script", "link", "img", "iframe"} & Document(body.decode()).attributes.keys()
    assert b"http://" not in body
    assert b"https://" not in body


def test_without_a_demo_no_account_is_shown() -> None:
    body = get(Page(None), "en")[1]
    for login, _ in guide.accounts("en"):
        assert login.encode() not in body
