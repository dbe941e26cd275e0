"""The one thing that is ever inferred: steps that a source took itself and did not send us.

Only where exactly one legal path leads to where its message is legal, and every step of it is that source's own act.
Never a payment, an approval, another's decision, the company's or the clock's act, the end of a block.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from portnet.domain.catalogue import PREVIOUS, Definition, Status, Transition

#: Customs' word that duties were paid, or need not be; elsewhere a state that asks to pay says so.
_PAYMENTS = frozenset({"paid", "guaranteed", "exempt"})
#: Leaving a state that asks for one of these is somebody's payment or approval.
_DECISIVE_ACTIONS = frozenset({"PAY", "DO_NOT_PAY_AGAIN", "APPROVE"})
#: A graph in which a search takes longer is not one to guess in.
_LONGEST_SEARCH = 1_000


def skipped(definition: Definition, state: str, source: str, event: str) -> tuple[Transition, ...]:
    """The steps from ``state`` to where ``source`` may say ``event``; none where nothing may be inferred."""
    goals = frozenset(
        t.from_ for t in definition.transitions if t.event == event and source in t.by
    ) - {state}
    if not goals or definition.state(state).status is Status.BLOCKED:
        return ()
    paths = _paths(definition, state, goals)
    only = next(paths, None)
    if only is None or not all(_own_act(definition, source, step) for step in only):
        return ()
    # A search that was given up counts as another path: an empty one.
    return only if next(paths, None) is None else ()


def _own_act(definition: Definition, source: str, step: Transition) -> bool:
    left = definition.state(step.from_)
    return (
        step.by == (source,)
        and not step.approval
        and not step.second_factor
        and step.event not in _PAYMENTS
        and left.action not in _DECISIVE_ACTIONS
        and left.status is not Status.BLOCKED
        and step.to != PREVIOUS
    )


def _paths(
    definition: Definition, start: str, goals: frozenset[str]
) -> Iterator[tuple[Transition, ...]]:
    """The ways from ``start`` that end at the first goal they meet and come nowhere twice, whoever takes them.

    An empty one ends a search that took too long.
    """
    leading = _leading_to(definition, goals)
    onward: dict[str, list[Transition]] = defaultdict(list)
    for transition in definition.transitions:
        if transition.to in leading:
            onward[transition.from_].append(transition)
    waiting: list[tuple[Transition, ...]] = [(step,) for step in onward[start]]
    for _ in range(_LONGEST_SEARCH):
        if not waiting:
            return
        path = waiting.pop()
        here = path[-1].to
        if here in {start, *(step.from_ for step in path)}:
            continue
        if here in goals:
            yield path
            continue
        waiting.extend((*path, step) for step in onward[here])
    yield ()


def _leading_to(definition: Definition, goals: frozenset[str]) -> frozenset[str]:
    """The states from which a goal can be reached; a return to the state before leads nowhere new."""
    found, fresh = set(goals), set(goals)
    while fresh:
        fresh = {t.from_ for t in definition.transitions if t.to in fresh} - found
        found |= fresh
    return frozenset(found)
