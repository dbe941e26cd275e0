"""What is heard becomes what is held, whatever the order, the repeats and the cuts."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from portnet_mobile.changes import (
    AlertArrived,
    AlertUpdated,
    Change,
    DossierRemoved,
    DossierUpdated,
    SnapshotNeeded,
)
from portnet_mobile.contract import (
    AccessChanged,
    Alert,
    AlertChanged,
    Dossier,
    Frame,
    Home,
    Page,
    PageInfo,
    Position,
    Removed,
    Reset,
)
from portnet_mobile.merge import alert_answered, apply, differences, snapshot, with_page
from portnet_mobile.store import Store
from tests.unit.portnet_mobile.builders import (
    NOON,
    OURS,
    THEIRS,
    alert,
    dossier,
    entry,
    frame,
    moved,
    person,
    store,
)

VERSIONS = [dossier("d1", n) for n in range(1, 6)] + [dossier("d2", n) for n in range(1, 4)]
STATES = [alert("a1", state) for state in ("NEW", "SEEN", "ACKNOWLEDGED")]


def heard(held: Store, frames: Iterable[Frame], audience: str = "COMPANY") -> list[Change]:
    noticed: list[Change] = []
    for each in frames:
        held, changes = apply(held, audience, each)
        noticed += changes
    return noticed


def after(held: Store, frames: Iterable[Frame], audience: str = "COMPANY") -> Store:
    for each in frames:
        held, _ = apply(held, audience, each)
    return held


def test_a_newer_version_is_taken_and_noticed_with_its_message() -> None:
    before, now, message = dossier(version=1), dossier(version=2), entry()
    held, changes = apply(store([before]), "COMPANY", moved("c1", now, message))
    assert held.dossiers == {"d1": now}
    assert changes == (DossierUpdated(before=before, after=now, entry=message),)
    assert held.heard["COMPANY"].cursor == "c1"
    assert held.heard["ME"].cursor == "m0"


def test_a_version_already_held_or_older_changes_nothing() -> None:
    held = store([dossier(version=3)])
    assert after(held, [moved("c1", dossier(version=3, title="?"))]).dossiers == held.dossiers
    assert after(held, [moved("c1", dossier(version=2))]).dossiers == held.dossiers
    assert heard(held, [moved("c1", dossier(version=3))]) == []


def test_of_two_messages_read_at_once_both_are_noticed() -> None:
    """A frame carries the state as it is read: the first may already show what the second did."""
    both = dossier(version=3)
    frames = [moved("c1", both, entry("e1")), moved("c2", both, entry("e2"))]
    changes = heard(store([dossier(version=1)]), frames)
    assert [c.entry for c in changes if isinstance(c, DossierUpdated)] == [entry("e1"), entry("e2")]


def test_a_frame_heard_again_is_not_noticed_again() -> None:
    frames = [
        moved("c1", dossier(version=2), entry("e1")),
        moved("c2", dossier(version=3), entry()),
    ]
    assert len(heard(store(), [*frames, *frames, frames[1]])) == 2


def test_the_same_cursor_of_another_audience_is_another_place() -> None:
    held, _ = apply(store(), "COMPANY", moved("x", dossier()))
    _, changes = apply(held, "ME", frame("x", AlertChanged(alert=alert())))
    assert changes == (AlertArrived(alert=alert()),)


def test_an_item_unknown_here_only_moves_the_cursor() -> None:
    held, changes = apply(store([dossier()]), "COMPANY", frame("c1", None))
    assert changes == ()
    assert held.heard["COMPANY"].cursor == "c1"
    assert held.dossiers == {"d1": dossier()}


def test_a_removed_dossier_is_gone() -> None:
    held, changes = apply(store([dossier()]), "COMPANY", frame("c1", Removed(id="d1")))
    assert held.dossiers == {}
    assert changes == (DossierRemoved(before=dossier()),)
    assert heard(held, [frame("c2", Removed(id="d1"))]) == []


def test_losing_a_mandate_drops_that_company_and_asks_for_a_snapshot() -> None:
    """A company may also have been added, and no frame brings its files."""
    lost, kept = dossier("lost", company=THEIRS.id), dossier("kept")
    item = AccessChanged(companies=[OURS.id])
    held, changes = apply(store([lost, kept]), "COMPANY", frame("c1", item))
    assert held.dossiers == {"kept": kept}
    assert changes == (DossierRemoved(before=lost), SnapshotNeeded(reason="ACCESS_CHANGED"))


def test_a_reset_asks_for_a_snapshot_and_keeps_what_is_shown_until_then() -> None:
    held, changes = apply(store([dossier()]), "COMPANY", frame("c1", Reset(reason="GENERATION")))
    assert changes == (SnapshotNeeded(reason="GENERATION"),)
    assert held.dossiers == {"d1": dossier()}


def test_an_alert_never_goes_back() -> None:
    """The answer to the person's own act may overtake the frame of the alert's arrival."""
    held, changes = alert_answered(store(alerts=[alert()]), alert(state="ACKNOWLEDGED"))
    assert changes == (AlertUpdated(before=alert(), after=alert(state="ACKNOWLEDGED")),)
    assert heard(held, [frame("m1", AlertChanged(alert=alert(state="NEW")))], "ME") == []
    assert heard(held, [frame("m1", AlertChanged(alert=alert(state="ACKNOWLEDGED")))], "ME") == []


def test_an_old_alert_that_was_seen_elsewhere_does_not_arrive_again() -> None:
    _, changes = apply(store(), "ME", frame("m1", AlertChanged(alert=alert(state="SEEN"))))
    assert changes == (AlertUpdated(before=None, after=alert(state="SEEN")),)


def test_an_alert_state_of_a_later_contract_is_taken() -> None:
    item = AlertChanged(alert=alert(state="SNOOZED"))
    assert after(store(alerts=[alert()]), [frame("m1", item)], "ME").alerts["a1"].state == "SNOOZED"


def test_a_further_page_adds_to_the_snapshot_and_overwrites_nothing_newer() -> None:
    held = with_page(store([dossier(version=3)]), [dossier(version=2), dossier("d2")], [alert()])
    assert held.dossiers == {"d1": dossier(version=3), "d2": dossier("d2")}
    assert held.alerts == {"a1": alert()}


def test_a_new_snapshot_tells_what_differs() -> None:
    before = store([dossier("d1"), dossier("gone"), dossier("same")], [alert("a1")])
    fresh = [dossier("d1", 2), dossier("new"), dossier("same")]
    now = store(fresh, [alert("a1", "SEEN"), alert("a2")])
    assert differences(before, now) == (
        DossierUpdated(before=dossier("d1"), after=dossier("d1", 2), entry=None),
        DossierUpdated(before=None, after=dossier("new"), entry=None),
        DossierRemoved(before=dossier("gone")),
        AlertUpdated(before=alert("a1"), after=alert("a1", "SEEN")),
        AlertArrived(alert=alert("a2")),
    )


def test_a_snapshot_stands_where_its_answer_says() -> None:
    end = PageInfo(end_cursor=None, has_next_page=False)
    home = Home(
        feeds=[Position(audience="COMPANY", cursor="c7"), Position(audience="ME", cursor="m3")],
        me=person(),
        dossiers=Page(nodes=[dossier()], page_info=end),
        alerts=Page(nodes=[alert()], page_info=end),
    )
    held = snapshot(home, NOON)
    assert {audience: place.cursor for audience, place in held.heard.items()} == {
        "COMPANY": "c7",
        "ME": "m3",
    }
    assert (held.dossiers, held.alerts) == ({"d1": dossier()}, {"a1": alert()})


def _in_any_order(values: list[Dossier] | list[Alert]) -> st.SearchStrategy[list[int]]:
    places = st.integers(0, len(values) - 1)
    every = st.permutations(range(len(values)))
    return st.tuples(every, st.lists(places, max_size=8)).map(lambda both: [*both[0], *both[1]])


@given(_in_any_order(VERSIONS))
def test_dossiers_end_the_same_in_any_order_and_with_any_repeats(order: list[int]) -> None:
    """Even under cursors of their own, as if nothing told that they were heard before."""
    frames = [moved(f"frame {place}", VERSIONS[n]) for place, n in enumerate(order)]
    assert after(store(), frames).dossiers == {"d1": VERSIONS[4], "d2": VERSIONS[7]}


@given(_in_any_order(STATES))
def test_alerts_end_the_same_in_any_order_and_with_any_repeats(order: list[int]) -> None:
    frames = [frame(f"frame {n}", AlertChanged(alert=STATES[i])) for n, i in enumerate(order)]
    assert after(store(), frames, "ME").alerts == {"a1": STATES[-1]}


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6))))
def test_going_on_from_any_place_notices_each_message_once(cuts: list[tuple[int, int]]) -> None:
    """A cut repeats the frames after some cursor that was heard; what is noticed stays the same."""
    frames = [moved(f"c{n}", dossier(version=n), entry(f"e{n}")) for n in range(1, 7)]
    stream: list[Frame] = []
    reached = 0
    for start, end in cuts:
        stream += frames[min(start, reached) : end]
        reached = max(reached, end)
    stream += frames[reached:]
    assert heard(store(), stream) == heard(store(), frames)
