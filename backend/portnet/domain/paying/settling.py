"""A creditor's word that a file is paid, as the payments of the same obligation hear it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from portnet.domain.agency import AgencyEvent, Classifier, Reference
from portnet.domain.catalogue import Catalogue
from portnet.domain.filing import Files
from portnet.domain.folding import Folded
from portnet.domain.paying.obligation import PAID, PAYMENT, settled_by
from portnet.domain.procedure import Procedure, may_send


def settled_with(
    catalogue: Catalogue, files: Files, message: AgencyEvent, folds: Sequence[Folded]
) -> Iterator[tuple[Procedure, AgencyEvent]]:
    """The payments among ``files`` that ``message`` settles as it was folded, each with the message as it keeps it."""
    if message.event != PAID or message.code == PAYMENT or message.classifier is not Classifier.ACT:
        return
    named = [_named(catalogue, folded.procedure) for folded in folds if _counts_in(folded, message)]
    for payment in files.procedures:
        if payment.code != PAYMENT:
            continue
        definition = catalogue.definition(payment.code, payment.definition)
        heard = may_send(definition, message.source, PAID)
        if heard and any(settled_by(payment, ref, message.source) for ref in named):
            yield (
                payment,
                msgspec.structs.replace(message, code=PAYMENT, refs=tuple(named), derived=True),
            )


def _counts_in(folded: Folded, message: AgencyEvent) -> bool:
    return any(
        entry.message.receipt == message.receipt and entry.counts for entry in folded.changed
    )


def _named(catalogue: Catalogue, procedure: Procedure) -> Reference:
    scheme = catalogue.definition(procedure.code, procedure.definition).identity
    return Reference(scheme=scheme, value=procedure.identity)
