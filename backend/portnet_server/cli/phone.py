"""`portnet phone`: somebody's phone, live in this terminal."""

from __future__ import annotations

import asyncio

import click
from rich.console import Console

from portnet_mobile.console.keyboard import standard_keyboard
from portnet_mobile.terminal import run_terminal
from portnet_server.cli.settings import demo_settings
from portnet_server.demo.accounts import PASSWORD


@click.command()
@click.option("--as", "login", default="declarant", show_default=True, help="Whose phone.")
@click.option("--password", default=PASSWORD, help="By default the demo's.")
@click.option(
    "--locale", type=click.Choice(["fr", "ar", "en"]), help="By default the account's own."
)
@click.option("--url", help="The server; by default the demo on this machine.")
def phone(login: str, password: str, locale: str | None, url: str | None) -> None:
    """Show LOGIN's dossiers and alerts as they change, and do what is typed: look, do, answer."""
    address = url or f"http://127.0.0.1:{demo_settings().port}"
    try:
        ended = asyncio.run(_shown(address.rstrip("/"), login, password, locale))
    except KeyboardInterrupt:
        ended = 130
    raise SystemExit(ended)


async def _shown(url: str, login: str, password: str, locale: str | None) -> int:
    async with standard_keyboard() as keyboard:
        return await run_terminal(url, login, password, locale, Console(), keyboard)
