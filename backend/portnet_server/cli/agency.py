"""`portnet agency`: be an agency. Messages are signed with the demo's keys and posted over HTTP like any other."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from random import SystemRandom
from typing import BinaryIO, assert_never

import click

from portnet.domain.authoring.authored import FaultyFile
from portnet.domain.authoring.scenario import Scenario, Step, parse_scenario
from portnet.domain.business_hours import CASABLANCA
from portnet.scenarios import shipped
from portnet_server.cli.settings import demo_settings
from portnet_server.demo.agency_client import AgencyClient, Answer, NoKey, Unreachable
from portnet_server.demo.keys import KeysMissing, read_keys
from portnet_server.demo.people import People
from portnet_server.demo.replay import Acted, Played, Telling, UnknownCompany, Waited, begin, play
from portnet_server.system import SystemClock


@click.group()
def agency() -> None:
    """Speak as one of the demo's agencies."""


def _address(url: str | None) -> str:
    return (url or f"http://127.0.0.1:{demo_settings().port}").rstrip("/")


def _client(url: str | None) -> AgencyClient:
    try:
        keys = read_keys(demo_settings().data_dir / "agency-keys.json")
    except KeysMissing as error:
        raise click.ClickException(str(error)) from None
    return AgencyClient(_address(url), keys, SystemClock())


@agency.command()
@click.argument("source")
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--url", help="The server; by default the demo on this machine.")
def send(source: str, file: BinaryIO, url: str | None) -> None:
    """Post one message of SOURCE, its body from FILE or standard input."""
    body: bytes = file.read()
    try:
        answer = asyncio.run(_send(_client(url), source, body))
    except (NoKey, Unreachable) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{answer.status} {answer.body}")
    if not answer.accepted:
        raise SystemExit(1)


async def _send(client: AgencyClient, source: str, body: bytes) -> Answer:
    async with client:
        return await client.post(source, body)


@agency.command()
@click.argument("scenario")
@click.option(
    "--seconds",
    type=click.FloatRange(0.0),
    default=60.0,
    show_default=True,
    help="For the whole story.",
)
@click.option(
    "--wait", is_flag=True, help="Leave what the company does to whoever sits at the phone."
)
@click.option("--url", help="The server; by default the demo on this machine.")
def replay(scenario: str, seconds: float, wait: bool, url: str | None) -> None:
    """Play SCENARIO, a shipped one by its code (S0) or a TOML file of your own.

    What the story waits for, the demo's own people do through the API, where they may.
    """
    told = _scenario(scenario)
    try:
        people = People(_address(url), leave_it=wait)
        refused = asyncio.run(_replay(_client(url), people, told, seconds))
    except (NoKey, Unreachable, UnknownCompany) as error:
        raise click.ClickException(str(error)) from None
    if refused:
        raise click.ClickException(f"{refused} of the messages were not accepted")


def _scenario(name: str) -> Scenario:
    known = shipped()
    if name in known:
        return known[name]
    path = Path(name)
    if not path.is_file():
        raise click.ClickException(
            f"{name} is no file and no shipped scenario ({', '.join(known)})"
        )
    try:
        return parse_scenario(path.read_text(encoding="utf-8"))
    except (FaultyFile, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path}: {error}") from None


async def _replay(client: AgencyClient, people: People, scenario: Scenario, seconds: float) -> int:
    """How many messages were refused."""
    telling = begin(scenario, SystemClock(), SystemRandom())
    client.require(step.source for step in scenario.steps if isinstance(step, Step))
    click.echo(f"{scenario.code}: {scenario.title.en}")
    click.echo(
        "  ".join(f"{telling.scenario.refs[name]} {value}" for name, value in telling.refs.items())
    )
    refused = 0
    async with client, people, aclosing(play(telling, client, seconds, people)) as story:
        async for happened in story:
            match happened:
                case Played():
                    refused += not happened.answer.accepted
                    click.echo(_line(telling, happened))
                case Waited():
                    wait = happened.wait
                    click.echo(f"  waits for {wait.by} to {wait.act}")
                case Acted():
                    done = "done by" if happened.at else "not done:"
                    click.echo(f"  {done} {happened.said}")
                case _:
                    assert_never(happened)
    return refused


def _line(telling: Telling, played: Played) -> str:
    at = played.occurred_at.astimezone(CASABLANCA).strftime("%a %H:%M")
    said = "" if played.answer.accepted else f"  {played.answer.status} {played.answer.body}"
    refs = ", ".join(telling.refs[name] for name in played.step.refs)
    return f"  {at}  {played.step.source:<8} {played.step.event:<32} {refs}{said}"
