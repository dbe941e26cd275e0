"""What procedures of one dossier wait for in each other, as far as messages tell; it warns and never blocks.

An agency's decision is applied as it comes. What it went past is said beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from portnet.domain.agency import AgencyEvent
from portnet.domain.catalogue import Catalogue, Outcome, State
from portnet.domain.procedure import Caution, Entry, Procedure

_TITLE = frozenset({"DOMICILED", "AT_CUSTOMS", "PARTLY_IMPUTED", "IMPUTED", "DISPUTE", "CLEARED"})
_ISSUED = frozenset({"ISSUED", "TRANSMITTED", "CLOSED"})

#: By procedure: which others it needs, where its dossier has them, and in which states they satisfy it; any successful
#: end does too.
NEEDS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "DUM_IMPORT": {
        "IMP_TITLE": _TITLE,
        "ONSSA_IMPORT": frozenset(),
        "CONFORMITY_CERTIFICATE": frozenset({"GRANTED"}),
        "METRO_IMPORT": frozenset(),
    },
    "DUM_EXPORT": {
        "EXP_TITLE": _TITLE,
        "PHYTO_EXPORT": _ISSUED,
        "SANIT_EXPORT": _ISSUED,
        "FOODEX_EXPORT": frozenset({"CERT_ISSUED"}),
        "HANDICRAFT_EXPORT": frozenset(),
    },
}

#: What a bank domiciles is no certificate that customs must see recognised before they release.
_NO_CERTIFICATE = frozenset({"IMP_TITLE", "EXP_TITLE"})
#: Chapters of the tariff whose goods ONSSA controls at import: food, plants, animals, feed, fertilisers, wood.
_CONTROLLED_CHAPTERS = frozenset({*(f"{chapter:02}" for chapter in range(1, 25)), "31", "44"})


def waits_for(
    catalogue: Catalogue, procedure: Procedure, others: Iterable[Procedure]
) -> tuple[Procedure, ...]:
    """Those of the dossier's ``others`` that ``procedure`` needs and that are not there yet; none once it is over."""
    if _state(catalogue, procedure).final:
        return ()
    needs = NEEDS.get(procedure.code, {})
    return tuple(
        other
        for other in others
        if other.dossier == procedure.dossier
        and other.code in needs
        and other.state not in needs[other.code]
        and _state(catalogue, other).outcome is not Outcome.SUCCESS
    )


def cautions(
    catalogue: Catalogue,
    procedure: Procedure,
    message: AgencyEvent,
    entries: Sequence[Entry],
    others: Sequence[Procedure],
) -> tuple[Caution, ...]:
    """What deserves a look as ``message`` comes. ``entries`` are its procedure's; ``others`` those of its dossier."""
    checks = {
        Caution.CERTIFICATE_NOT_RECOGNISED: message.event == "released"
        and any(
            other.code not in _NO_CERTIFICATE for other in waits_for(catalogue, procedure, others)
        ),
        Caution.CONTROL_NOT_REQUESTED: procedure.code == "DUM_IMPORT"
        and message.event == "registered"
        and any(_chapter(line.hs) in _CONTROLLED_CHAPTERS for line in message.items)
        and all(other.code != "ONSSA_IMPORT" for other in others),
        # Where the goods go is in no message: the words say for which destinations it matters.
        Caution.MRN_UNKNOWN: message.type == "TM_PASSAGE.loaded"
        and not any(e.references("MRN") for e in (message, *(entry.message for entry in entries))),
    }
    return tuple(caution for caution, found in checks.items() if found)


def _state(catalogue: Catalogue, procedure: Procedure) -> State:
    return catalogue.definition(procedure.code, procedure.definition).state(procedure.state)


def _chapter(hs: str | None) -> str:
    return (hs or "")[:2]
