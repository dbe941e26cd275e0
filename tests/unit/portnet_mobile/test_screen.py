"""What the terminal shows, as plain text."""

from collections.abc import Iterable
from datetime import timedelta

import msgspec
import pytest
from rich.cells import cell_len

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
from portnet_mobile.console.holding import Holding
from portnet_mobile.console.screen import (
    Happening,
    Prompt,
    View,
    clean,
    hour,
    lasting,
    plain_line,
    screen,
    sentence,
)
from portnet_mobile.store import Store
from portnet_mobile.words import LOCALES, words
from tests.unit.portnet_mobile.builders import NOON, THEIRS, alert, dossier, entry, person, store

FR = words("fr")
LATER = NOON + timedelta(minutes=20)
EVERY_CHANGE: tuple[Change, ...] = (
    DossierUpdated(before=None, after=dossier(), entry=entry()),
    DossierRemoved(before=dossier()),
    AlertArrived(alert=alert()),
    AlertUpdated(before=None, after=alert(state="ACKNOWLEDGED")),
    SnapshotNeeded(reason="GENERATION"),
    SnapshotTaken(dossiers=2, alerts=1),
    ConnectionLost(reason="cut"),
    ConnectionRestored(),
    Ended(reason="over"),
)


def shown(
    held: Store | None,
    *,
    width: int = 80,
    height: int = 40,
    locale: str = "fr",
    connection: str = "LIVE",
    log: Iterable[Happening] = (),
) -> str:
    view = View(store=held, connection=connection, now=LATER, log=tuple(log), words=words(locale))
    return screen(view, width, height).plain


def test_a_dossier_shows_what_it_is_who_holds_it_since_when_and_what_to_do() -> None:
    text = shown(store([dossier(version=3, action="Préparez les pièces.")]))
    assert "○ EN ATTENTE  309-d1" in text
    assert "→ Préparez les pièces." in text
    assert "ONSSA · depuis 13:03 (17 min)" in text


def test_a_prohibition_stands_above_what_to_do_and_is_never_cut_off() -> None:
    warning = "Ne vendez pas et ne déplacez pas la marchandise, " * 3 + "fin."
    text = shown(store([dossier(status="BLOCKED", warning=warning)]), width=60)
    lines = [line.strip() for line in text.splitlines()]
    above, _, below = " ".join(lines).partition("→")
    assert "■ BLOQUÉ" in above
    assert f"✖ INTERDIT : {warning}" in above
    assert "Attendez." in below


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(hours=2, minutes=5), "échéance 15:25 (reste 2 h 05 min)"),
        (timedelta(minutes=-30), "échéance 12:50 (dépassée de 30 min)"),
        (timedelta(days=2), "échéance 25/11 13:20 (reste 2 j 0 h)"),
    ],
)
def test_a_deadline_counts_down_and_says_when_it_is_over(left: timedelta, said: str) -> None:
    assert said in shown(store([dossier(deadline=LATER + left)]), width=100)


def test_the_most_blocking_is_on_top_and_what_does_not_fit_is_counted() -> None:
    many = [dossier(f"d{n}") for n in range(9)] + [dossier("worst", status="BLOCKED")]
    text = shown(store(many, [alert()]), height=20)
    assert text.index("309-worst") < text.index("309-d")
    assert "autres dossiers plus bas" in text
    assert len(text.splitlines()) <= 20


def test_a_small_terminal_always_shows_the_most_blocking_file() -> None:
    files = [dossier("worst", status="BLOCKED", warning="Ne vendez pas."), dossier("d2")]
    alerts = [alert(f"a{n}", text="Une alerte qui prend deux lignes. " * 3) for n in range(4)]
    log = [Happening(at=NOON, change=change) for change in EVERY_CHANGE]
    text = shown(store(files, alerts), height=16, log=log)
    assert "309-worst" in text
    assert "INTERDIT : Ne vendez pas." in text
    assert "+ 1 " in text
    assert "Une alerte" in text
    assert len(text.splitlines()) <= 16


def test_alerts_slide_in_at_the_bottom_with_their_level() -> None:
    text = shown(store([dossier()], [alert("a1", level=4, text="Mise sous consigne")]))
    assert text.index("309-d1") < text.index("13:00  !!!!  Mise sous consigne")
    assert "Non lues : 1" in text


def test_who_took_an_alert_is_said() -> None:
    assert "prise en charge par Salma" in shown(store([], [alert(state="ACKNOWLEDGED")]))


def test_another_companys_file_names_it() -> None:
    assert f"{THEIRS.name} · Additifs" in shown(store([dossier(company=THEIRS.id)]))


def test_an_exercise_is_never_taken_for_real() -> None:
    assert "EXERCICE" in shown(store(person_=person(sandbox=True)), width=60)
    assert "EXERCICE" not in shown(store())


def test_before_anything_is_held_the_screen_says_that_it_connects() -> None:
    assert "connexion…" in shown(None, connection="CONNECTING")


@pytest.mark.parametrize("connection", ["CONNECTING", "LIVE", "LOST", "ENDED"])
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("width", [40, 60, 97, 120, 300])
def test_no_line_is_wider_than_the_screen(width: int, locale: str, connection: str) -> None:
    long = "منع " * 40 + "x" * 200
    held = store(
        [dossier(title=long, action=long, warning=long, deadline=LATER)],
        [alert(text=long), alert("a2", "ACKNOWLEDGED", text=long)],
    )
    log = [Happening(at=NOON, change=change) for change in EVERY_CHANGE]
    text = shown(held, width=width, locale=locale, connection=connection, log=log)
    widest = max(60, min(width, 120))
    assert [line for line in text.splitlines() if cell_len(line) > widest] == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("change", EVERY_CHANGE, ids=lambda change: type(change).__name__)
def test_every_change_is_one_line(change: Change, locale: str) -> None:
    line = plain_line(Happening(at=NOON, change=change), words(locale))
    assert line.startswith("13:00:00  ")
    assert "\n" not in line


def test_a_message_is_told_with_its_sender_and_what_became_of_it() -> None:
    moved = DossierUpdated(
        before=dossier(), after=dossier(status="BLOCKED", warning="Ne vendez pas."), entry=entry()
    )
    assert sentence(moved, FR) == "■ BLOQUÉ · 309-d1 · ONSSA: Prélèvement · ✖ Ne vendez pas."
    late = DossierUpdated(before=dossier(), after=dossier(), entry=entry(kind="NOT_APPLIED"))
    assert "Prélèvement (non appliqué)" in sentence(late, FR)


def test_why_the_line_is_lost_is_said_in_the_persons_language() -> None:
    lost = ConnectionLost(reason="The line was cut.", why="CUT")
    assert sentence(lost, words("fr")) == "× Connexion perdue: la liaison a été coupée"
    own = Ended(reason="Identifiant inconnu.")
    assert sentence(own, words("fr")) == "× Fin: Identifiant inconnu."


def test_text_from_outside_cannot_drive_the_terminal() -> None:
    assert clean("a\x1b[2Jb\x07c\r\nd\x9be") == "a[2Jbc de"
    assert clean("\u200e309") == "\u200e309"
    evil = store([dossier(title="\x1b[2J", action="\x1b]0;x\x07")], [alert(text="\x1b[31m")])
    assert "\x1b" not in shown(evil)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (3_900, "1 h 05 min"), (183_600, "2 j 3 h")],
)
def test_a_span_is_said_in_its_largest_units(seconds: int, said: str) -> None:
    assert lasting(timedelta(seconds=seconds), FR) == said


def test_hours_are_moroccan_whatever_the_machines() -> None:
    assert hour(NOON, LATER) == "13:00"
    assert hour(NOON - timedelta(days=1), LATER) == "22/11 13:00"


@pytest.mark.parametrize(("outcome", "word"), [("FAILURE", "NON ABOUTI"), ("CANCELLED", "ANNULÉ")])
def test_an_end_that_is_no_success_is_never_shown_as_one(outcome: str, word: str) -> None:
    text = shown(store([dossier(status="DONE", outcome=outcome)]), width=60)
    assert word in text
    assert "✓" not in text
    assert "TERMINÉ" not in text


def closer(**more: object) -> str:
    """A dossier with what was asked about it in more detail, as one line."""
    office = {
        "label": "ONSSA, Casablanca",
        "phone": "0522000000",
        "opensAt": LATER - timedelta(hours=1),
        "closesAt": LATER + timedelta(hours=4),
    }
    answer = {"takenBy": None, "silentSince": None, "holder": {"contact": office}, **more}
    view = View(
        store=store(dossiers=[dossier()]),
        connection="LIVE",
        now=LATER,
        words=words("en"),
        holdings={"d1": msgspec.convert(answer, Holding)},
    )
    return " ".join(screen(view, 120, 40).plain.split())


def test_whom_to_call_and_whether_they_are_there_is_said() -> None:
    assert "☎ ONSSA, Casablanca 0522000000 (open until 17:20)" in closer()
    hours = {"opensAt": LATER + timedelta(hours=1), "closesAt": LATER + timedelta(hours=4)}
    shut = {"contact": {"label": "ONSSA", "phone": None, **hours}}
    assert "☎ ONSSA (closed, opens 14:20)" in closer(holder=shut)
    assert "☎" not in closer(holder={"contact": None})


def test_who_took_a_file_and_that_an_agency_is_silent_is_said() -> None:
    said = closer(takenBy="Karim \x1b[2J", silentSince=NOON - timedelta(days=1))
    assert "NO NEWS since 22/11 13:00 · taken by Karim [2J" in said


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_typed_stands_at_the_bottom_and_fits(locale: str) -> None:
    typed = "answer 309-1 " + "x" * 200 + "end"
    view = View(
        store=None,
        connection="LIVE",
        now=LATER,
        words=words(locale),
        prompt=Prompt(typed=typed, reply="No.\nReally.", code=True),
    )
    lines = screen(view, 80, 40).plain.splitlines()
    assert lines[-1].endswith("xend▏")
    assert lines[-2].strip() == "No. Really."
    assert words(locale)("do", "code") in lines[-1]
    assert max(map(cell_len, lines)) <= 80
