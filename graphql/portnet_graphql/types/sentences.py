"""Why a broker may not go on, in three languages, with the day on which its mandate ended."""

from __future__ import annotations

from collections.abc import Mapping

from portnet.domain.business_hours import CASABLANCA
from portnet.domain.identity.mandate import Lapse, NoMandate
from portnet.domain.localised import Locale, Localised

LAPSES: Mapping[Lapse, Localised] = {
    Lapse.MANDATE_EXPIRED: Localised(
        fr="Votre mandat a expiré le {day} : le dossier reste consultable.",
        ar="انتهى توكيلكم بتاريخ {day}: يمكنكم الاطلاع على الملف فقط.",
        en="Your mandate expired on {day}: the file can still be read.",
    ),
    Lapse.MANDATE_REVOKED: Localised(
        fr="Votre mandat a été révoqué le {day} : le dossier reste consultable.",
        ar="تم إلغاء توكيلكم بتاريخ {day}: يمكنكم الاطلاع على الملف فقط.",
        en="Your mandate was revoked on {day}: the file can still be read.",
    ),
    Lapse.MANDATE_SCOPE: Localised(
        fr="Votre mandat du {day} ne couvre pas cette procédure.",
        ar="توكيلكم المؤرخ في {day} لا يشمل هذا الإجراء.",
        en="Your mandate of {day} does not cover this procedure.",
    ),
}
_STATES: Mapping[Lapse, str] = {
    Lapse.MANDATE_EXPIRED: "EXPIRED",
    Lapse.MANDATE_REVOKED: "REVOKED",
    Lapse.MANDATE_SCOPE: "ACTIVE",
}


def lapse_sentence(missing: NoMandate, locale: Locale) -> str:
    """With the local day, as it is written in Morocco."""
    day = missing.since.astimezone(CASABLANCA)
    return LAPSES[missing.lapse].in_(locale).format(day=f"{day:%d/%m/%Y}")


def lapse_state(missing: NoMandate) -> str:
    """The mandate's state."""
    return _STATES[missing.lapse]
