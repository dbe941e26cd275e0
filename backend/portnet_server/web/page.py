"""The page at `/`: what runs here and what to do next, in the reader's language. No script, nothing from elsewhere."""

from __future__ import annotations

from functools import partial
from html import escape

from litestar.types import HTTPScope, Receive, Send

from portnet.domain.localised import LOCALES, Locale, Localised, preferred_locale
from portnet_server.demo import guide
from portnet_server.web.origin import header

_STYLE = """
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:44rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin-top:1.6rem}
table{border-collapse:collapse;width:100%}td{padding:.3rem .5rem .3rem 0;vertical-align:top}
code{background:#8883;padding:.1rem .35rem;border-radius:.25rem;direction:ltr;unicode-bidi:isolate;white-space:nowrap}
"""

_PLAIN = Localised(
    fr="Le serveur PortNet Mobile fonctionne. L'API GraphQL est à l'adresse /graphql.",
    ar="خادم بورتنيت موبايل يعمل. واجهة GraphQL على العنوان ‎/graphql‎.",
    en="The PortNet Mobile server is running. Its GraphQL API is at /graphql.",
)


class Page:
    """The demo's guide, or one sentence where no demo runs."""

    def __init__(self, demo_port: int | None) -> None:
        render = _plain if demo_port is None else partial(_guide, demo_port)
        self._bodies: dict[Locale, bytes] = {
            locale: _document(locale, render(locale)).encode() for locale in LOCALES
        }

    async def __call__(self, scope: HTTPScope, _receive: Receive, send: Send) -> None:
        locale = preferred_locale(header(scope, b"accept-language"))
        body = self._bodies[locale]
        headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"content-language", locale.encode()),
            (b"vary", b"accept-language"),
            (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def _document(locale: Locale, content: str) -> str:
    direction = "rtl" if locale == "ar" else "ltr"
    return (
        f'<!doctype html><html lang="{locale}" dir="{direction}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>PortNet Mobile</title><style>{_STYLE}</style><body>{content}</body></html>"
    )


def _plain(locale: Locale) -> str:
    return f"<h1>PortNet Mobile</h1><p>{escape(_PLAIN.in_(locale))}</p>"


def _guide(port: int, locale: Locale) -> str:
    people = "".join(
        f"<tr><td><code>{escape(login)}</code></td><td>{escape(who)}</td></tr>"
        for login, who in guide.accounts(locale)
    )
    commands = "".join(
        f"<tr><td><code>{escape(s.command)}</code><br>{escape(s.shows.in_(locale))}</td></tr>"
        for s in guide.suggestions(port)
    )
    return (
        f"<h1>{escape(guide.TITLE.in_(locale))}</h1><p>{escape(guide.INTRODUCTION.in_(locale))}</p>"
        f"<h2>{escape(guide.ACCOUNTS.in_(locale))}</h2><table>{people}</table>"
        f"<h2>{escape(guide.NEXT.in_(locale))}</h2><table>{commands}</table>"
    )
