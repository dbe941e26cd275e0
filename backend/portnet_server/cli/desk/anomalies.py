"""`portnet anomalies`: what the agencies sent that could not be applied, with the reason; and what to do about it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar, assert_never

import click

from portnet.domain.business_hours import CASABLANCA
from portnet.domain.desk.anomaly import Anomaly, AnomalyState
from portnet.domain.desk.help import LONGEST_ANSWER, HelpCase, HelpState
from portnet.domain.identifiers import read_opaque_id
from portnet.ports.reading import PageSize
from portnet.services.desk.anomaly import AnomalyFault, AnomalyRefusal, Helper, Outcome
from portnet.services.desk.help import HelpFault, HelpRefusal
from portnet.storage.engines import DatabaseError
from portnet_server.cli.settings import demo_settings
from portnet_server.desk import Desk, open_desk

T = TypeVar("T")

_WAITING = (AnomalyState.PARKED, AnomalyState.OPEN)
_REFUSALS = {
    AnomalyRefusal.NOT_FOUND: "there is no such anomaly",
    AnomalyRefusal.SETTLED: "it has been handled already; `portnet anomalies show` says by whom",
    AnomalyRefusal.UNREADABLE: "the message cannot be read, so it cannot be filed to a dossier",
    AnomalyRefusal.ON_A_TIMELINE: "the message is on a file's timeline already",
}
_FAULTS = {
    "EMPTY": "say why with --reason",
    "TOO_LONG": "the reason is too long",
    "UNKNOWN": "there is no such dossier on this side of the sandbox",
    "OTHER_COMPANY": "the message is about another company than this dossier",
}
_CASE_REFUSALS = {
    HelpRefusal.NOT_FOUND: "there is no such case; `portnet anomalies cases` lists them",
    HelpRefusal.CLOSED: "it has been answered already",
}
_ANSWER_FAULTS = {
    "EMPTY": "say something with --answer",
    "TOO_LONG": f"the answer is longer than {LONGEST_ANSWER} characters",
}

_who = click.option(
    "--by", "name", default="console", show_default=True, help="Your name, for the trail."
)


def with_desk(work: Callable[[Desk], Awaitable[T]]) -> T:
    """Run ``work`` over this machine's database; what can go wrong with it is one line."""
    config = demo_settings()
    path = config.sqlite_path
    if path is not None and not path.exists():
        raise click.ClickException(f"{path} does not exist: nothing has run here yet")

    async def worked() -> T:
        async with open_desk(config) as desk:
            return await work(desk)

    try:
        return asyncio.run(worked())
    except DatabaseError as error:
        raise click.ClickException(f"the database cannot be used: {error}") from None


@click.group(invoke_without_command=True)
@click.pass_context
def anomalies(context: click.Context) -> None:
    """Messages that could not be applied; without a command, the list of those that wait."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@anomalies.command(name="list")
@click.option("--all", "every", is_flag=True, help="Those that were settled, too.")
@click.option("--most", type=click.IntRange(1, 1000), default=50, show_default=True)
def list_(every: bool, most: int) -> None:
    """List messages that are parked or wait for the help desk, newest first."""
    states = tuple(AnomalyState) if every else _WAITING
    found = with_desk(lambda desk: desk.reader.anomalies(states, PageSize(most))).items
    if not found:
        click.echo("none")
    for anomaly in found:
        click.echo(_line(anomaly))


@anomalies.command()
@click.argument("anomaly")
@click.option("--bytes", "exact", is_flag=True, help="Only the message, to the byte.")
def show(anomaly: str, exact: bool) -> None:
    """Print ANOMALY and its message, whole."""
    found = with_desk(lambda desk: desk.reader.anomaly_message(anomaly))
    if found is None:
        raise click.ClickException(_REFUSALS[AnomalyRefusal.NOT_FOUND])
    if exact:
        sys.stdout.buffer.write(found.message.body)
        return
    known, message = found.anomaly, found.message
    click.echo(_line(known))
    click.echo(f"receipt   {message.receipt}")
    click.echo(f"event id  {_visible(message.event_id)}")
    click.echo(f"signed by {_visible(message.key)}{' (sandbox)' if message.sandbox else ''}")
    if known.dossier is not None:
        click.echo(f"dossier   {known.dossier}")
    if known.handled_by is not None and known.handled_at is not None:
        at = known.handled_at.astimezone(CASABLANCA).strftime("%d/%m %H:%M:%S")
        note = f": {_visible(known.note)}" if known.note else ""
        click.echo(f"handled   {at} by {_visible(known.handled_by)}{note}")
    click.echo(f"\n{_visible(message.body.decode('utf-8', 'backslashreplace'))}")


@anomalies.command()
@click.argument("anomaly")
@_who
def retry(anomaly: str, name: str) -> None:
    """Give the message of ANOMALY back to the intake."""
    _say(with_desk(lambda desk: desk.anomalies.retry(_helper(name), anomaly)))


@anomalies.command()
@click.argument("anomaly")
@click.argument("dossier")
@_who
def attach(anomaly: str, dossier: str, name: str) -> None:
    """File the message of ANOMALY to DOSSIER (its id, as a case or the app shows it) and try it again there."""
    read = read_opaque_id(dossier)
    key = dossier if read is None else read.key
    _say(with_desk(lambda desk: desk.anomalies.attach(_helper(name), anomaly, key)))


@anomalies.command()
@click.argument("anomaly")
@click.option("--reason", required=True, help="Why nothing more is to be done.")
@_who
def dismiss(anomaly: str, reason: str, name: str) -> None:
    """Let the message of ANOMALY be."""
    _say(with_desk(lambda desk: desk.anomalies.dismiss(_helper(name), anomaly, reason)))


@anomalies.command()
@click.option("--most", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--trail", is_flag=True, help="With the timeline of each file as it was.")
def cases(most: int, trail: bool) -> None:
    """List what people asked the help desk, newest first."""
    found = with_desk(lambda desk: desk.reader.help_cases(tuple(HelpState), most))
    if not found:
        click.echo("none")
    for case in found:
        at = case.opened_at.astimezone(CASABLANCA).strftime("%d/%m %H:%M:%S")
        about = "" if case.trail is None else f"  {case.trail.dossier.reference}  {case.dossier}"
        click.echo(f"{at}  {case.state.value:<6} [{case.id}]{about}")
        click.echo(f"  {_visible(case.text)}")
        if case.answer is not None:
            click.echo(f"  {_visible(case.closed_by or '')}: {_visible(case.answer)}")
        if trail:
            _show_trail(case)


@anomalies.command()
@click.argument("case")
@click.option("--answer", required=True, help="What whoever asked is told.")
@_who
def answer(case: str, answer: str, name: str) -> None:
    """Close CASE, a question to the help desk, with an answer."""
    outcome = with_desk(lambda desk: desk.help.close(_helper(name), case, answer))
    match outcome:
        case HelpCase():
            click.echo(f"{outcome.state.value}  [{outcome.id}]  {_visible(outcome.answer or '')}")
        case HelpFault():
            raise click.ClickException(_ANSWER_FAULTS[outcome.code])
        case HelpRefusal():
            raise click.ClickException(_CASE_REFUSALS[outcome])
        case _:
            assert_never(outcome)


def _show_trail(case: HelpCase) -> None:
    for entry in () if case.trail is None else reversed(case.trail.entries):
        at = entry.message.occurred_at.astimezone(CASABLANCA).strftime("%d/%m %H:%M:%S")
        became = entry.to_state or (entry.refusal.value if entry.refusal else "")
        line = f"{entry.kind.value:<11} {entry.message.source:<7} {entry.message.type}"
        click.echo(f"    {at}  {line}  {became}")


def _helper(name: str) -> Helper:
    return Helper(name=name, actor=f"console:{name}")


def _say(outcome: Outcome) -> None:
    match outcome:
        case Anomaly():
            click.echo(_line(outcome))
        case AnomalyFault():
            raise click.ClickException(_FAULTS[outcome.code])
        case AnomalyRefusal():
            raise click.ClickException(_REFUSALS[outcome])
        case _:
            assert_never(outcome)


def _line(anomaly: Anomaly) -> str:
    at = anomaly.received_at.astimezone(CASABLANCA).strftime("%d/%m %H:%M:%S")
    said = f"{anomaly.source:<7} {anomaly.state.value:<9} {anomaly.reason.value:<18}"
    return f"{at}  {said} {_visible(anomaly.detail)}  [{anomaly.id}]"


def _visible(text: str) -> str:
    """Text from outside cannot drive the terminal: what nobody sees is shown as its code."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text
    )
