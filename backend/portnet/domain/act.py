"""The company's own acts in an agency's procedure: which there are, who may do them, what they ask for first.

An act is a request: nothing moves until the agency's system has taken it.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from portnet.domain.access import Role
from portnet.domain.catalogue import OPERATOR, OUR_SIDE, Catalogue, Definition, Transition
from portnet.domain.identity.proof import Need
from portnet.domain.identity.subscription import SUBSCRIPTION
from portnet.domain.outgoing import OutgoingKind
from portnet.domain.paying.obligation import PAYMENT, START, under_way
from portnet.domain.procedure import Procedure
from portnet.domain.request import ANSWERED
from portnet.domain.submission import NotDone, Person

#: The single window's own gateway, which passes on to agencies that have no system of their own that we reach.
GATEWAY = "PORTNET"

#: Who of our side does what a holder has to do; a manager may do it all.
_ROLES: Mapping[str, Role] = {
    "DECLARANT": Role.DECLARANT,
    "BROKER": Role.DECLARANT,
    "AGENT": Role.DECLARANT,
    "FINANCE": Role.FINANCE,
    "LOGISTICS": Role.LOGISTICS,
    "ADMINISTRATOR": Role.ADMINISTRATOR,
}

_KINDS: Mapping[str, OutgoingKind] = {
    ANSWERED: OutgoingKind.ANSWER,
    "cancel": OutgoingKind.CANCELLATION,
}


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a company may ask for now, and to whom it goes."""

    transition: Transition
    source: str
    needs: tuple[Need, ...] = ()

    @property
    def event(self) -> str:
        return self.transition.event

    @property
    def kind(self) -> OutgoingKind:
        return _KINDS.get(self.event, OutgoingKind.ACT)


def acts_of(catalogue: Catalogue, procedure: Procedure) -> tuple[Act, ...]:
    """What the company may ask for in the present state; nothing while another act is under way."""
    if procedure.requested is not None:
        return ()
    definition = catalogue.definition(procedure.code, procedure.definition)
    return tuple(
        _act(catalogue, definition, transition)
        for transition in definition.transitions
        if transition.from_ == procedure.state and OPERATOR in transition.by
    )


def decide(catalogue: Catalogue, procedure: Procedure, event: str, person: Person) -> Act | NotDone:
    """Whether ``person`` may ask for ``event`` now; its needs are still to be proven."""
    if pays(procedure, event) and under_way(procedure):
        return NotDone.DO_NOT_PAY_AGAIN
    if procedure.requested is not None:
        return NotDone.UNDER_WAY
    act = next((act for act in acts_of(catalogue, procedure) if act.event == event), None)
    if act is None:
        return NotDone.NOT_NOW
    definition = catalogue.definition(procedure.code, procedure.definition)
    if not person.alone and not may_do(definition, procedure, person.roles):
        return NotDone.NOT_YOURS
    if person.reads_only and procedure.code != SUBSCRIPTION:
        return NotDone.SUSPENDED
    return act


def pays(procedure: Procedure, event: str) -> bool:
    """Whether the act orders money out of an account."""
    return procedure.code == PAYMENT and event == START


def may_do(definition: Definition, procedure: Procedure, roles: frozenset[Role]) -> bool:
    """Whether somebody with ``roles`` acts in the present state: its holder's role, or a manager."""
    holder = definition.state(procedure.state).holder or ""
    role = _ROLES.get(holder)
    if role is None and holder not in OUR_SIDE:
        # An agency has the file: taking it back or changing it is the declarant's.
        role = Role.DECLARANT
    return Role.MANAGER in roles or role in roles


def addressee(catalogue: Catalogue, definition: Definition, state: str) -> str:
    """The source to which an act that leads to ``state`` goes: who holds the file then, else whose procedure it is."""
    target = definition.states.get(state)
    holder = catalogue.agencies.get(target.holder or "") if target else None
    agency = holder or catalogue.agency_of(definition)
    return agency.source if agency else GATEWAY


def _act(catalogue: Catalogue, definition: Definition, transition: Transition) -> Act:
    needs = ((Need.APPROVAL, transition.approval), (Need.SECOND_FACTOR, transition.second_factor))
    return Act(
        transition=transition,
        source=addressee(catalogue, definition, transition.to),
        needs=tuple(need for need, asked in needs if asked),
    )
