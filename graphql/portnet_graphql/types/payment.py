"""Money: what is owed, the order to pay it, and whether anybody may pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import strawberry

from portnet.domain.localised import Locale, Localised
from portnet.domain.paying.debit import Debit
from portnet.domain.paying.obligation import LIVE, in_doubt, rivals
from portnet.domain.paying.order import PaymentOrder
from portnet.domain.procedure import Procedure as KnownProcedure
from portnet_graphql.context import Info
from portnet_graphql.loaders import optional
from portnet_graphql.types.node import described

#: Our own question about a payment in doubt, and what may be answered.
DEBITED = Localised(
    fr="Ce paiement est incertain. Le compte a-t-il été débité ? Quelle que soit la réponse, ne payez pas deux fois.",
    ar="هذا الأداء غير مؤكد. هل خصم المبلغ من الحساب؟ لا تؤدوا مرة ثانية مهما كان الجواب.",
    en="This payment is uncertain. Was the account debited? Do not pay again, whatever the answer.",
)
DEBITS: Mapping[Debit, Localised] = {
    Debit.YES: Localised(fr="Oui, débité", ar="نعم، خصم المبلغ", en="Yes, debited"),
    Debit.NO: Localised(fr="Non, pas débité", ar="لا، لم يخصم", en="No, not debited"),
    Debit.DONT_KNOW: Localised(fr="Je ne sais pas", ar="لا أعلم", en="I do not know"),
}


@strawberry.type
class RequestChoice:
    code: str
    label: str

    @classmethod
    def of_debits(cls, locale: Locale) -> list[RequestChoice]:
        return [cls(code=debit.value, label=label.in_(locale)) for debit, label in DEBITS.items()]


@strawberry.type(description="An order to pay, and whether anybody may order again.")
class Payment:
    reference: str
    doubtful: bool = strawberry.field(
        description="Nobody knows whether this debt was paid: paying again is refused by the server, on every phone of"
        " the company."
    )
    provider_reference: str | None
    initiated_at: datetime | None
    next_check_at: datetime | None = strawberry.field(
        description="When the provider is asked again what became of the order."
    )
    ticket: str | None = strawberry.field(
        description="Under which the provider and the help desk find a doubtful order."
    )
    order: strawberry.Private[PaymentOrder | None]

    @classmethod
    def of(
        cls,
        procedure: KnownProcedure,
        order: PaymentOrder | None,
        payments: Sequence[KnownProcedure],
    ) -> Payment:
        """``payments`` are the company's others that may be of the same debt."""
        doubted = in_doubt(procedure)
        live = order is not None and procedure.state in LIVE
        return cls(
            reference=procedure.identity,
            doubtful=doubted or any(map(in_doubt, rivals(procedure, payments))),
            provider_reference=order.provider_reference if order else None,
            initiated_at=order.ordered_at if order else None,
            next_check_at=order.next_check_at if order and live else None,
            ticket=order.key if order and doubted else None,
            order=order,
        )

    @described("Who of the company's side ordered it.")
    async def initiated_by(self, info: Info) -> str | None:
        ordered_by = self.order.ordered_by if self.order else None
        user = await optional(info.context.files.users, ordered_by)
        return user.name if user else None
