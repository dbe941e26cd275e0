"""What a declaration names and other files of its company know already: lots that are declared, containers in use."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from portnet.domain.submission import Submission

_CONTAINER, _LOT = "CONTAINER", "LOT"
#: They come back with other shipments; whatever else a file is known by is one shipment's.
_RECURRING = frozenset({_CONTAINER, _LOT})


class KnownElsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """A reference by which a procedure of ``code`` in a file that goes on is known."""

    scheme: str
    value: str
    procedure: str
    dossier: str
    code: str


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """Containers that another shipment's file has, and lots that another declaration of the kind has."""

    containers: frozenset[str]
    lots: frozenset[str]


def taken(declaration: Submission, known: Collection[KnownElsewhere]) -> Taken:
    """What of ``known``, found by the declaration's references, is not its own.

    A file that shares a reference of another kind, such as the bill of lading, is the same shipment's: its containers
    are the declaration's own.
    """
    shipment = {
        found.dossier
        for found in known
        if found.scheme not in _RECURRING or found.procedure == declaration.procedure
    }
    return Taken(
        containers=frozenset(
            found.value
            for found in known
            if found.scheme == _CONTAINER and found.dossier not in shipment
        ),
        lots=frozenset(
            found.value
            for found in known
            if found.scheme == _LOT
            and found.code == declaration.target
            and found.procedure != declaration.procedure
        ),
    )
