"""What a source makes of its own earlier messages: taken back, or replaced by a corrected one. Nothing is deleted.

A fact is a message and every correction of it; its last word counts. A retraction can itself be taken back: then it is
as if it had never come. Whose messages are compared, and where they came from, is the caller's.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from portnet.domain.agency import AgencyEvent


class Amended(msgspec.Struct, frozen=True, kw_only=True):
    """``retracted`` and ``corrected`` count no more; ``places`` leads from a correction to what it stands for."""

    retracted: frozenset[str] = frozenset()
    corrected: frozenset[str] = frozenset()
    places: Mapping[str, str] = {}


_NOTHING = Amended()


def retracts(message: AgencyEvent) -> bool:
    """Whether ``message`` only takes another one back, and is no step itself."""
    return message.retracts is not None and message.corrects is None


def amended(messages: Mapping[str, AgencyEvent]) -> Amended:
    """What ``messages`` of one procedure, by any key, make of each other; one of another source changes nothing."""
    targets = _targets(messages)
    if not targets:
        return _NOTHING
    retracted = _taken_back(messages, targets)
    corrected: set[str] = set()
    places: dict[str, str] = {}
    for fact, amendments in _facts(messages, targets).items():
        words = _as_said(amendments, messages)
        gone = _gone([word for word in words if word not in retracted], messages, targets)
        corrections = (word for word in words if not retracts(messages[word]))
        left = [word for word in (fact, *corrections) if word not in gone]
        retracted |= gone
        corrected.update(left[:-1])
        if left and left[-1] != fact:
            places[left[-1]] = fact
    return Amended(retracted=frozenset(retracted), corrected=frozenset(corrected), places=places)


def _targets(messages: Mapping[str, AgencyEvent]) -> dict[str, str]:
    """Which message each amendment amends. A retraction can be taken back; there is nothing in it to correct."""
    found: dict[str, str] = {}
    if all(message.amends is None for message in messages.values()):
        return found
    known = {(message.source, message.event_id): key for key, message in messages.items()}
    for key, message in messages.items():
        target = None if message.amends is None else known.get((message.source, message.amends))
        if target is None or target == key:
            continue
        if retracts(message) or not retracts(messages[target]):
            found[key] = target
    return found


def _taken_back(messages: Mapping[str, AgencyEvent], targets: Mapping[str, str]) -> set[str]:
    """The retractions that another retraction, itself in force, takes back. In a circle none does."""
    chain = {
        key: target
        for key, target in targets.items()
        if retracts(messages[key]) and retracts(messages[target])
    }
    unknown: dict[str, int] = defaultdict(int)
    for target in chain.values():
        unknown[target] += 1
    ready = deque(key for key in chain if not unknown[key])
    void: set[str] = set()
    while ready:
        key = ready.popleft()
        if key not in chain:
            continue
        target = chain[key]
        if key not in void:
            void.add(target)
        unknown[target] -= 1
        if not unknown[target]:
            ready.append(target)
    return void


def _facts(messages: Mapping[str, AgencyEvent], targets: Mapping[str, str]) -> dict[str, list[str]]:
    """Every amendment under the message that its chain of corrections begins with."""
    facts: dict[str, list[str]] = defaultdict(list)
    for key in targets:
        *_, first = _lineage(key, targets)
        circle = first in targets
        if not circle and not retracts(messages[first]):
            facts[first].append(key)
    return facts


def _gone(
    words: list[str], messages: Mapping[str, AgencyEvent], targets: Mapping[str, str]
) -> set[str]:
    """What retractions among ``words`` take back: a message, with the corrections of it that were said before."""
    gone: set[str] = set()
    for place, retraction in enumerate(words):
        if not retracts(messages[retraction]):
            continue
        target = targets[retraction]
        gone.add(target)
        gone.update(
            word
            for word in words[:place]
            if not retracts(messages[word]) and target in _lineage(word, targets)
        )
    return gone


def _lineage(key: str, targets: Mapping[str, str]) -> Iterator[str]:
    """What ``key`` amends, what that one amends, and so on; a circle ends where it closes."""
    seen = {key}
    while (target := targets.get(key)) is not None and target not in seen:
        yield target
        seen.add(target)
        key = target


def _as_said(words: list[str], messages: Mapping[str, AgencyEvent]) -> list[str]:
    """In the order in which the source spoke, as far as it says; else in that in which we heard it."""
    numbered = all(messages[word].seq is not None for word in words)

    def said(word: str) -> tuple[int, datetime, datetime, str]:
        message = messages[word]
        number = message.seq if numbered and message.seq is not None else 0
        spoken = message.created_at or message.received_at
        return number, spoken, message.received_at, message.receipt

    return sorted(words, key=said)
