"""When a stretch of a story is posted: in order, but for what the wire does to it. Pure; times count from its start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import assert_never

import msgspec

from portnet.domain.authoring.scenario import Outage, Scenario, Step, Wait, told

#: A step with its number in the story, from 1.
Numbered = tuple[int, Step | Outage]


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """``step`` is posted ``posted`` after the stretch began, and says that it happened at ``occurred``."""

    number: int
    step: Step
    occurred: timedelta
    posted: timedelta


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """What agencies say until they wait for somebody, if they do: in the order of posting."""

    postings: tuple[Posting, ...]
    lasts: timedelta
    wait: tuple[int, Wait] | None = None


def stretches(scenario: Scenario, done: set[str]) -> Iterator[Stretch]:
    """The story up to each wait. Read one at a time: which steps follow depends on ``done``, the acts so far."""
    steps: list[Numbered] = []
    for number, step in enumerate(scenario.steps, start=1):
        if not told(step, done):
            continue
        if isinstance(step, Wait):
            yield _stretch(steps, (number, step))
            steps = []
        else:
            steps.append((number, step))
    if steps:
        yield _stretch(steps, None)


def length(scenario: Scenario, *, whole: bool = False) -> timedelta:
    """From the beginning to the last step where nobody acts; ``whole`` goes on after a wait without an end."""
    passed = timedelta()
    for stretch in stretches(scenario, set()):
        passed += stretch.lasts
        if stretch.wait is None:
            break
        within = stretch.wait[1].within
        if within is None and not whole:
            break
        passed += within or timedelta()
    return passed


def _stretch(steps: Sequence[Numbered], wait: tuple[int, Wait] | None) -> Stretch:
    postings = list(_postings(steps))
    at = sum((step.after for _, step in steps), wait[1].after if wait else timedelta())
    return Stretch(
        postings=tuple(postings), lasts=max([at, *(one.posted for one in postings)]), wait=wait
    )


def _postings(steps: Sequence[Numbered]) -> Iterable[Posting]:
    """Sorted by posting; what falls into an outage comes when it is over, in its order."""
    ranked: list[tuple[timedelta, int, Posting]] = []
    outages: list[tuple[Outage, timedelta]] = []
    at = timedelta()
    for rank, (number, step) in enumerate(steps):
        at += step.after
        match step:
            case Outage():
                outages.append((step, at))
            case Step():
                posted = _through(step.source, at + step.delay, outages)
                place = 2 * rank
                if step.early:
                    # Right before the step before it.
                    posted, place = ranked[-1][0], ranked[-1][1] - 1
                one = Posting(number=number, step=step, occurred=at, posted=posted)
                ranked += [(posted, place, one)] * (2 if step.twice else 1)
            case _:
                assert_never(step)
    ranked.sort(key=lambda entry: entry[:2])
    return (posting for _, _, posting in ranked)


def _through(
    source: str, posted: timedelta, outages: Sequence[tuple[Outage, timedelta]]
) -> timedelta:
    for outage, begun in outages:
        if outage.source == source and begun <= posted:
            posted = max(posted, begun + outage.lasts)
    return posted
