"""How what is held is read."""

from datetime import timedelta

from tests.unit.portnet_mobile.builders import (
    NOON,
    OURS,
    THEIRS,
    alert,
    dossier,
    person,
    store,
)


def test_the_most_blocking_comes_first_then_the_newest() -> None:
    held = store(
        [
            dossier("done", 9, status="DONE"),
            dossier("later", 9, status="A_STATUS_OF_NEXT_YEAR"),
            dossier("waiting", 9),
            dossier("blocked-before", 1, status="BLOCKED"),
            dossier("blocked", 2, status="BLOCKED"),
            dossier("ours", 9, status="ACTION_REQUIRED"),
        ]
    )
    order = ["blocked", "blocked-before", "ours", "waiting", "done", "later"]
    assert [each.id for each in held.by_urgency()] == order


def test_only_new_alerts_are_unread() -> None:
    held = store(alerts=[alert("a1"), alert("a2", "SEEN"), alert("a3", "ACKNOWLEDGED")])
    assert held.unread == 1


def test_the_newest_alert_comes_first() -> None:
    assert [each.id for each in store(alerts=[alert("a1"), alert("a2")]).newest_alerts()] == [
        "a2",
        "a1",
    ]


def test_companies_are_named_from_the_mandates() -> None:
    held = store()
    assert held.company_name(OURS.id) == OURS.name
    assert held.company_name(THEIRS.id) == THEIRS.name
    assert held.company_name("stranger") is None


def test_countdowns_run_on_the_servers_clock() -> None:
    """Simulated in a class: faster than ours, or standing still."""
    later = NOON + timedelta(seconds=10)
    assert store().server_time(later) == later
    assert store(person_=person(speed=360.0)).server_time(later) == NOON + timedelta(hours=1)
    assert store(person_=person(paused=True)).server_time(later) == NOON
