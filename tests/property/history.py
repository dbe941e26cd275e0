"""One procedure's file in memory, which takes in one message after the other as the intake does."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from portnet.domain.agency import AgencyEvent
from portnet.domain.catalogue import Definition
from portnet.domain.folding import Folded, fold_in, new_entry, open_procedure
from portnet.domain.procedure import Entry, Procedure
from tests.support.clock import NOON
from tests.support.scenarios import said


class History:
    """``told`` are the ids of the entries that were told of, in order; ``corrected`` those of corrections."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        opening = said("BADR", f"{definition.code}.registered")
        self.procedure: Procedure = open_procedure(definition, "p", "d", "1", opening)
        self.entries: dict[str, Entry] = {}
        self.told: list[str] = []
        self.corrected: list[str] = []

    def take(self, message: AgencyEvent) -> Folded:
        arrived = new_entry(message.receipt, self.procedure, message)
        folded = fold_in(
            self.definition, self.procedure, list(self.entries.values()), arrived, NOON
        )
        self.procedure = folded.procedure
        for gone in folded.vanished:
            del self.entries[gone.id]
        self.entries |= {entry.id: entry for entry in folded.changed}
        self.told += [folded.deserving.id] if folded.deserving else []
        self.corrected += [folded.correction.id] if folded.correction else []
        return folded

    def take_all(self, messages: Iterable[AgencyEvent]) -> "History":
        for message in messages:
            self.take(message)
        return self

    def shown(self) -> dict[str, tuple[object, ...]]:
        """What does not depend on who was told when."""
        return {
            key: (e.kind, e.from_state, e.to_state, e.refusal, e.alert)
            for key, e in self.entries.items()
        }


def received(number: int) -> datetime:
    """When the message of that number came."""
    return NOON + timedelta(days=1, minutes=number)
