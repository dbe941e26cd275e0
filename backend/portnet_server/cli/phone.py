"""`portnet phone`: somebody's phone, live in this terminal; `portnet code`: what their authenticator shows."""

from __future__ import annotations

import asyncio

import click
from rich.console import Console

from portnet.security.authenticator import code_at, shown_for
from portnet_mobile.console.keyboard import standard_keyboard
from portnet_mobile.terminal import run_terminal
from portnet_server.cli.settings import demo_settings
from portnet_server.demo.accounts import PASSWORD, user_of
from portnet_server.system import SystemClock


@click.command()
@click.option("--as", "login", default="declarant", show_default=True, help="Whose phone.")
@click.option("--password", default=PASSWORD, help="By default the demo's.")
@click.option(
    "--locale",
    type=click.Choice(["fr", "ar", "en"]),
    help="Of the phone's own words; by default the account's, in which the server always speaks.",
)
@click.option("--code", help="Of the authenticator, for an account that is asked for one.")
@click.option("--url", help="The server; by default the demo on this machine.")
def phone(login: str, password: str, locale: str | None, code: str | None, url: str | None) -> None:
    """Show LOGIN's dossiers and alerts as they change, and do what is typed: look, do, answer, approve."""
    address = url or f"http://127.0.0.1:{demo_settings().port}"
    try:
        ended = asyncio.run(_shown(address.rstrip("/"), login, password, locale, code))
    except KeyboardInterrupt:
        ended = 130
    raise SystemExit(ended)


@click.command()
@click.option("--as", "login", default="manager", show_default=True, help="Whose code.")
def code(login: str) -> None:
    """Print what the authenticator of the demo's LOGIN shows now.

    Its secret is public: it exists on demo databases only.
    """
    person = user_of(login)
    if person is None or person.totp_secret is None:
        raise click.ClickException(f"the demo has no {login} with an authenticator")
    now = SystemClock().now()
    click.echo(code_at(person.totp_secret, now))
    click.echo(f"shown for {shown_for(now).seconds + 1} s more; it works once", err=True)


async def _shown(url: str, login: str, password: str, locale: str | None, code: str | None) -> int:
    given = None if code is None else lambda: code
    async with standard_keyboard() as keyboard:
        return await run_terminal(url, login, password, locale, Console(), keyboard, given)
