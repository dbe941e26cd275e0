"""`kill -9` of the server under load: nothing acknowledged is lost, nothing is applied or shown twice."""

import asyncio
import time
from collections import Counter
from pathlib import Path
from random import Random

from portnet.domain.identifiers import opaque_id
from portnet_mobile.changes import AlertArrived, DossierUpdated, SnapshotTaken
from portnet_mobile.contract import AlertChanged, DossierChanged
from tests.chaos.evidence import (
    Evidence,
    Examiner,
    every_alert_was_raised_once,
    every_feed_is_gapless,
    every_state_is_the_fold_of_the_raw_messages,
    every_trail_verifies,
    examining,
)
from tests.chaos.sender import Note, notes, sending
from tests.chaos.witnesses import Watch, watching
from tests.support.house.opening import SECRET, setting_of
from tests.support.house.processes import ServerProcess, forked, started
from tests.support.volume import volume

_KILLS = volume(quick=4, full=24)
#: The least number of messages that nobody had acknowledged when the server died.
_UNDER_WAY = 20
#: Seconds from readiness to the kill: in the backlog of the life before, or well into the next load.
_SOONEST, _LATEST = 0.0, 0.8
_LOOK_EVERY = 0.05


async def test_kill_9_under_load_loses_nothing_and_doubles_nothing(
    furnished_url: str, keys_file: Path, tmp_path: Path
) -> None:
    settings = {
        "PORTNET_MODE": "development",
        "PORTNET_SECRET": SECRET.decode(),
        "PORTNET_DATA_DIR": str(tmp_path),
        "PORTNET_DATABASE_URL": setting_of(furnished_url),
        "PORTNET_LOG_LEVEL": "WARNING",
    }
    async with (
        examining(furnished_url) as examiner,
        started(("serve",), tmp_path, settings, forked) as server,
        watching(server.url, "declarant") as watch,
        sending(server.url, keys_file, tmp_path, seed=1) as sender,
    ):
        await sender.under_way()
        kills = await _kill_again_and_again(server, Random(1))
        await sender.finish()
        sent = list(notes(sender.log))
        evidence = await _at_rest(examiner, watch)
    assert min(_under_way(sent, at) for at in kills) >= _UNDER_WAY
    _nothing_acknowledged_is_lost(evidence, sent)
    _nothing_is_applied_twice(evidence)
    _everything_is_shown_once_in_order(evidence, watch)
    every_feed_is_gapless(evidence)
    every_trail_verifies(evidence)
    every_alert_was_raised_once(evidence)
    every_state_is_the_fold_of_the_raw_messages(evidence)


async def _kill_again_and_again(server: ServerProcess, chance: Random) -> list[float]:
    """When the kills were, on the monotonic clock."""
    kills: list[float] = []
    for _ in range(_KILLS):
        # The moment of the kill is what chance decides: nothing is waited for.
        await asyncio.sleep(chance.uniform(_SOONEST, _LATEST))
        kills.append(time.monotonic())
        await server.kill()
        await server.start()
    return kills


async def _at_rest(examiner: Examiner, watch: Watch) -> Evidence:
    """What is there when all messages are taken in and all frames were heard."""
    while await examiner.waiting():  # noqa: ASYNC110 - another process takes them in
        await asyncio.sleep(_LOOK_EVERY)
    evidence = await examiner.evidence()
    for recorder in watch.recorders.values():
        await recorder.until(evidence.heads[recorder.feed])
    shown = len(evidence.entries)
    await watch.until(lambda noticed: len(_shown(watch)) >= shown)
    return evidence


def _under_way(sent: list[Note], at: float) -> int:
    """How many messages were posted and not acknowledged at that moment."""
    posted = {note.event_id for note in sent if note.what == "posted" and note.at < at}
    known = {note.event_id for note in sent if note.what == "acknowledged" and note.at < at}
    return len(posted - known)


def _nothing_acknowledged_is_lost(evidence: Evidence, sent: list[Note]) -> None:
    acknowledged = {
        (note.source, note.event_id): note.receipt for note in sent if note.what == "acknowledged"
    }
    kept = [((raw.source, raw.event_id), raw.receipt) for raw in evidence.messages]
    assert len(kept) == len(dict(kept))
    assert dict(kept) == acknowledged
    assert set(evidence.states) == {"DONE"}


def _nothing_is_applied_twice(evidence: Evidence) -> None:
    applied = Counter(entry.message.receipt for entry in evidence.entries)
    assert applied == Counter(raw.receipt for raw in evidence.messages)


def _everything_is_shown_once_in_order(evidence: Evidence, watch: Watch) -> None:
    for recorder in watch.recorders.values():
        lines = evidence.feeds[recorder.feed]
        assert recorder.seqs == [line["seq"] for line in lines][recorder.began_after :]
    company, me = watch.recorders["COMPANY"], watch.recorders["ME"]
    assert all(isinstance(frame.item, DossierChanged) for frame in company.frames)
    assert all(isinstance(frame.item, AlertChanged) for frame in me.frames)
    entries = [line["entry"] for line in evidence.feeds[company.feed]]
    assert Counter(entries) == Counter(evidence.entry_ids())
    assert [opaque_id("TimelineEntry", entry) for entry in entries] == _shown(watch)
    snapshots = [change for change in watch.noticed if isinstance(change, SnapshotTaken)]
    assert len(snapshots) == 1
    told = [change.alert.id for change in watch.noticed if isinstance(change, AlertArrived)]
    assert len(told) == len(set(told)) == len(evidence.feeds[me.feed])


def _shown(watch: Watch) -> list[str]:
    """The timeline entries that the phone showed, in order."""
    updates = [change for change in watch.noticed if isinstance(change, DossierUpdated)]
    return [update.entry.id for update in updates if update.entry is not None]
