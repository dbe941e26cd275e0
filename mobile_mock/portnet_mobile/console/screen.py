"""What the terminal phone shows: pure, from what is held to lines of styled text.

Never a colour alone: each status and level has its own sign and word. Text from outside loses its
control characters, so that no message can drive the terminal.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, assert_never

import msgspec
from rich.cells import cell_len, chop_cells
from rich.style import Style
from rich.text import Text

from portnet_mobile.changes import (
    AlertArrived,
    AlertUpdated,
    Change,
    ConnectionLost,
    ConnectionRestored,
    DossierRemoved,
    DossierUpdated,
    Ended,
    SnapshotNeeded,
    SnapshotTaken,
)
from portnet_mobile.clock import CASABLANCA
from portnet_mobile.console.holding import Contact, Holding
from portnet_mobile.contract import Alert, Dossier
from portnet_mobile.store import Store
from portnet_mobile.words import Words

_NARROWEST, _WIDEST = 60, 120

#: A sign and a colour for each status, and for each end that is no success.
_STATUS: Final = {
    "BLOCKED": ("■", "bold white on red"),
    "ACTION_REQUIRED": ("▲", "bold black on yellow"),
    "WAITING_AGENCY": ("○", "bold cyan"),
    "DONE": ("✓", "green"),
    "CANCELLED": ("–", "dim"),
    "FAILURE": ("✖", "bold red"),
}
_UNKNOWN_STATUS = ("?", "bold")
_LEVEL: Final = {4: "bold white on red", 3: "bold yellow", 2: "cyan"}
_CONNECTION: Final = {
    "CONNECTING": ("…", "yellow"),
    "LIVE": ("●", "green"),
    "LOST": ("×", "bold white on red"),
    "ENDED": ("×", "bold red"),
}

_SHOWN_ALERTS = 4
_SHOWN_EVENTS = 5
_GAP = Text("")


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """A change and when the phone heard of it (aware UTC)."""

    at: datetime
    change: Change


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """What is being typed, and what became of the line before; ``code`` asks for a second factor's."""

    typed: str = ""
    reply: str = ""
    code: bool = False


class View(msgspec.Struct, frozen=True, kw_only=True):
    """All that a screen shows: ``now`` is the server's time, ``log`` holds the newest last."""

    store: Store | None
    connection: str
    now: datetime
    log: Sequence[Happening] = ()
    words: Words
    holdings: Mapping[str, Holding] = {}
    prompt: Prompt | None = None


def screen(view: View, width: int, height: int) -> Text:
    """The whole screen, ``height`` lines at most: the most blocking file, then alerts and events, then other files."""
    width = max(_NARROWEST, min(width, _WIDEST))
    head = list(_header(view, width))
    prompt, files = list(_prompt(view, width)), list(_dossiers(view, width, height))
    # The most blocking file, and how many more there are.
    least = min(files.index(_GAP) + 2, len(files)) if _GAP in files else len(files)
    news: list[Text] = []
    for most in range(max(_SHOWN_ALERTS, _SHOWN_EVENTS), -1, -1):
        news = [*_alerts(view, width, most), *_events(view, width, most)]
        if len(head) + least + len(news) + len(prompt) <= height:
            break
    room = max(height - len(head) - len(news) - len(prompt), least)
    return Text("\n").join([*head, *_dossiers(view, width, room), *news, *prompt])


def plain_line(happening: Happening, words: Words) -> str:
    """One change as a line of a log, its time first."""
    time = happening.at.astimezone(CASABLANCA).strftime("%H:%M:%S")
    return f"{time}  {sentence(happening.change, words)}"


def sentence(change: Change, words: Words) -> str:
    """What happened, in a line."""
    match change:
        case DossierUpdated():
            return _dossier_sentence(change, words)
        case DossierRemoved():
            return f"− {clean(change.before.reference)} {words('dossier', 'removed')}"
        case AlertArrived():
            return f"! {_level(change.alert, words)} · {clean(change.alert.text)}"
        case AlertUpdated():
            return f"  {_alert_state(change.after, words)} · {clean(change.after.text)}"
        case SnapshotNeeded():
            return f"↻ {words('line', 'refetch')} ({clean(change.reason)})"
        case SnapshotTaken():
            counted = f"{change.dossiers} · {words('app', 'alerts')}: {change.alerts}"
            return f"↻ {words('line', 'snapshot')}: {counted}"
        case ConnectionLost():
            return f"× {words('line', 'lost')}: {_why(change, words)}"
        case ConnectionRestored():
            return f"● {words('line', 'restored')}"
        case Ended():
            return f"× {words('line', 'ended')}: {_why(change, words)}"
        case _:
            assert_never(change)


def clean(text: str) -> str:
    """Text from outside without control characters (a tab or a line end becomes a space)."""
    return "".join(
        " " if char in "\n\t" else char for char in text if char in "\n\t" or _printable(char)
    )


def lasting(span: timedelta, words: Words) -> str:
    """A span as its two largest units: 2 h 05 min, 3 j 4 h, 12 s; never negative."""
    seconds = max(int(span.total_seconds()), 0)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} {words('unit', 'day')} {hours} {words('unit', 'hour')}"
    if hours:
        return f"{hours} {words('unit', 'hour')} {minutes:02} {words('unit', 'minute')}"
    if minutes:
        return f"{minutes} {words('unit', 'minute')}"
    return f"{seconds} {words('unit', 'second')}"


def hour(at: datetime, now: datetime) -> str:
    """Moroccan wall time, with the day unless it is today."""
    local, today = at.astimezone(CASABLANCA), now.astimezone(CASABLANCA)
    return local.strftime("%H:%M" if local.date() == today.date() else "%d/%m %H:%M")


# ---------------------------------------------------------------- the parts of the screen


def _header(view: View, width: int) -> Iterator[Text]:
    sign, style = _CONNECTION.get(view.connection, _CONNECTION["LOST"])
    words = view.words
    state = Text(f"{sign} {words('connection', view.connection)}", style=style)
    title = Text(words("app", "title"), style="bold")
    if view.store is not None and view.store.person.sandbox:
        title.append(f"  {words('app', 'sandbox')}", style="bold magenta")
    yield _apart(title, state, width)
    if view.store is not None:
        person = view.store.person
        roles = ", ".join(words("role", role) for role in person.roles)
        who = Text(f"{clean(person.company.name)} · {clean(person.name)} ({roles})")
        unread = view.store.unread
        badge = Text(f"{words('app', 'unread')} {unread}", style="bold yellow" if unread else "dim")
        yield _apart(who, badge, width)
    yield _rule("", width)


def _dossiers(view: View, width: int, room: int) -> Iterator[Text]:
    if view.store is None:
        return
    waiting = view.store.by_urgency()
    if not waiting:
        yield Text(view.words("app", "nothing"), style="dim")
    for number, dossier in enumerate(waiting):
        lines = [*_dossier(view, view.store, dossier, width), _GAP]
        left = len(waiting) - number
        # One line is kept to say how many do not fit.
        if len(lines) + (left > 1) > room:
            yield Text(f"  + {left} {view.words('app', 'more')}", style="dim")
            return
        room -= len(lines)
        yield from lines


def _dossier(view: View, store: Store, dossier: Dossier, width: int) -> Iterator[Text]:
    words, what = view.words, dossier.what_now
    sign, style = _STATUS.get(dossier.ending, _UNKNOWN_STATUS)
    title = Text(f" {sign} {words('status', dossier.ending)} ", style=style)
    title.append(
        f" {clean(dossier.reference)}", style=Style(color="default", bgcolor="default", bold=True)
    )
    yield _cut(title, width)
    named = clean(dossier.title)
    if dossier.company.id != store.person.company.id:
        named = f"{clean(store.company_name(dossier.company.id) or '?')} · {named}"
    yield _cut(Text(f"   {named}"), width)
    if what.warning is not None:
        loud = f" ✖ {words('dossier', 'warning')} {clean(what.warning)} "
        yield from _wrapped(loud, width, 3, "bold white on red")
    yield from _wrapped(f"→ {clean(what.action)}", width, 3, "bold")
    yield from _wrapped(_held(view, dossier), width, 3, "dim" if dossier.status == "DONE" else "")
    if more := _held_more(view, dossier):
        yield from _wrapped(more, width, 3, "yellow")


def _held(view: View, dossier: Dossier) -> str:
    words, what, now = view.words, dossier.what_now, view.now
    since = f"{words('dossier', 'since')} {hour(what.since, now)}"
    parts = [clean(what.holder.label), f"{since} ({lasting(now - what.since, words)})"]
    if what.deadline is not None:
        left = what.deadline - now
        how = "left" if left >= timedelta(0) else "overdue"
        span = f"{words('dossier', how)} {lasting(abs(left), words)}"
        parts.append(f"{words('dossier', 'deadline')} {hour(what.deadline, now)} ({span})")
    return " · ".join(parts)


def _held_more(view: View, dossier: Dossier) -> str:
    """Who of us took it, whom to call, and that nothing was heard; empty where nobody can tell."""
    words, held, now = view.words, view.holdings.get(dossier.id), view.now
    if held is None or dossier.status == "DONE":
        return ""
    parts: list[str] = []
    if held.silent_since is not None:
        parts.append(f"{words('dossier', 'silent')} {hour(held.silent_since, now)}")
    if held.taken_by is not None:
        parts.append(f"{words('dossier', 'taken_by')} {clean(held.taken_by)}")
    if held.holder.contact is not None:
        parts.append(_office(held.holder.contact, now, words))
    return " · ".join(parts)


def _office(contact: Contact, now: datetime, words: Words) -> str:
    said = clean(" ".join(filter(None, (f"☎ {contact.label}", contact.phone))))
    if contact.open_at(now) and contact.closes_at is not None:
        return f"{said} ({words('dossier', 'open')} {hour(contact.closes_at, now)})"
    if contact.opens_at is not None and contact.opens_at > now:
        return f"{said} ({words('dossier', 'closed')} {hour(contact.opens_at, now)})"
    return said


def _alerts(view: View, width: int, most: int) -> Iterator[Text]:
    shown = min(most, _SHOWN_ALERTS)
    alerts = view.store.newest_alerts()[:shown] if view.store is not None else []
    if not alerts:
        return
    yield _rule(view.words("app", "alerts"), width)
    # The newest slides in at the bottom.
    for alert in reversed(alerts):
        unread = alert.state == "NEW"
        style = _LEVEL.get(alert.level, "") if unread else "dim"
        sign = "!" * alert.level if unread else _alert_state(alert, view.words)
        line = f"{hour(alert.raised_at, view.now)}  {sign}  {clean(alert.text)}"
        yield from _wrapped(line, width, 1, style, hanging=7)


def _events(view: View, width: int, most: int) -> Iterator[Text]:
    if not view.log or not most:
        return
    yield _rule(view.words("app", "events"), width)
    for happening in view.log[-min(most, _SHOWN_EVENTS) :]:
        yield _cut(Text(f" {plain_line(happening, view.words)}", style="dim"), width)


def _prompt(view: View, width: int) -> Iterator[Text]:
    prompt, words = view.prompt, view.words
    if prompt is None:
        return
    yield _rule("" if prompt.typed or prompt.code else words("do", "hint"), width)
    if prompt.reply:
        yield from _wrapped(clean(prompt.reply), width, 1, "bold")
    asked = f"{words('do', 'code')} > " if prompt.code else "> "
    # The end of a long line is what is being typed.
    room = width - cell_len(asked) - 1
    shown = clean(prompt.typed)
    while cell_len(shown) > room:
        shown = shown[1:]
    yield Text(f"{asked}{shown}▏")


# ---------------------------------------------------------------- sentences


def _dossier_sentence(change: DossierUpdated, words: Words) -> str:
    after, entry = change.after, change.entry
    sign, _ = _STATUS.get(after.ending, _UNKNOWN_STATUS)
    parts = [f"{sign} {words('status', after.ending)}", clean(after.reference)]
    if change.before is None:
        parts.append(words("dossier", "new"))
    if entry is not None:
        sender = f"{clean(entry.agency.code)}: " if entry.agency else ""
        applied = "" if entry.kind == "APPLIED" else f" ({words('dossier', entry.kind)})"
        parts.append(f"{sender}{clean(entry.label)}{applied}")
    warning = after.what_now.warning
    if warning is not None and (change.before is None or change.before.what_now.warning is None):
        parts.append(f"✖ {clean(warning)}")
    return " · ".join(parts)


def _why(change: ConnectionLost | Ended, words: Words) -> str:
    return words("why", change.why) if change.why else clean(change.reason)


def _level(alert: Alert, words: Words) -> str:
    return f"{words('alert', 'level')} {alert.level}"


def _alert_state(alert: Alert, words: Words) -> str:
    by = f" {clean(alert.acknowledged_by)}" if alert.acknowledged_by else ""
    return words("alert", alert.state) + by


# ---------------------------------------------------------------- lines


def _rule(title: str, width: int) -> Text:
    named = f"── {title} " if title else ""
    return Text(named + "─" * (width - cell_len(named)), style="dim")


def _apart(left: Text, right: Text, width: int) -> Text:
    left.truncate(max(width - right.cell_len - 1, 1), overflow="ellipsis")
    return left + Text(" " * (width - left.cell_len - right.cell_len)) + right


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    return line


def _wrapped(text: str, width: int, indent: int, style: str, *, hanging: int = 0) -> Iterator[Text]:
    """All of the text, broken between words; what must not be missed is never cut off."""
    first, *others = _broken(text, width - indent - hanging)
    yield Text(" " * indent) + Text(first, style=style)
    for line in others:
        yield Text(" " * (indent + hanging)) + Text(line, style=style)


def _broken(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        for piece in chop_cells(word, width) or [""]:
            if line and cell_len(line) + 1 + cell_len(piece) > width:
                yield line
                line = piece
            else:
                line = f"{line} {piece}" if line else piece
    yield line


def _printable(char: str) -> bool:
    return unicodedata.category(char) != "Cc"
