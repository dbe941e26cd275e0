"""Expected refusals as values: an app that does not know one still has a code and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import strawberry

from portnet.domain.localised import Locale, Localised
from portnet.services.device import LONGEST_ADDRESS, LONGEST_LABEL, DeviceFault
from portnet_graphql.types.scalars import Severity

WRONG_CREDENTIALS = Localised(
    fr="Identifiant ou mot de passe incorrect, ou session terminée.",
    ar="اسم المستخدم أو كلمة المرور غير صحيحة، أو انتهت الجلسة.",
    en="Wrong login or password, or the session is over.",
)
EXPIRED_ALERT = Localised(
    fr="Cette alerte a expiré, elle ne peut plus être prise en charge.",
    ar="انتهت صلاحية هذا التنبيه ولم يعد بالإمكان التكفل به.",
    en="This alert has expired and can no longer be taken.",
)
INVALID_INPUT = Localised(
    fr="Certains champs sont à corriger.",
    ar="بعض الخانات تحتاج إلى تصحيح.",
    en="Some fields need to be corrected.",
)
#: By a fault's code, with the longest text that its field takes.
FAULTS: Mapping[str, Localised] = {
    "EMPTY": Localised(
        fr="Ce champ est obligatoire.", ar="هذه الخانة إلزامية.", en="This field is required."
    ),
    "TOO_LONG": Localised(
        fr="Au plus {longest} caractères.",
        ar="{longest} حرفا على الأكثر.",
        en="At most {longest} characters.",
    ),
    "UNKNOWN": Localised(
        fr="Cette valeur est inconnue.", ar="هذه القيمة غير معروفة.", en="This value is unknown."
    ),
}
_LONGEST = {"address": LONGEST_ADDRESS, "label": LONGEST_LABEL}


@strawberry.interface
class Problem:
    code: str
    message: str


@strawberry.type
class WrongCredentials(Problem):
    @classmethod
    def in_(cls, locale: Locale) -> WrongCredentials:
        return cls(code="WRONG_CREDENTIALS", message=WRONG_CREDENTIALS.in_(locale))


@strawberry.type
class NotAllowedNow(Problem):
    state: str

    @classmethod
    def expired(cls, locale: Locale) -> NotAllowedNow:
        return cls(code="EXPIRED", message=EXPIRED_ALERT.in_(locale), state="EXPIRED")


@strawberry.type
class FieldIssue:
    path: str
    code: str
    severity: Severity
    message: str


@strawberry.type
class InvalidInput(Problem):
    issues: list[FieldIssue]

    @classmethod
    def of(cls, faults: Sequence[DeviceFault], locale: Locale) -> InvalidInput:
        return cls(
            code="INVALID_INPUT",
            message=INVALID_INPUT.in_(locale),
            issues=[_issue(fault, locale) for fault in faults],
        )


def _issue(fault: DeviceFault, locale: Locale) -> FieldIssue:
    sentence = FAULTS[fault.code].in_(locale)
    return FieldIssue(
        path=fault.path,
        code=fault.code,
        severity=Severity.ERROR,
        message=sentence.format(longest=_LONGEST.get(fault.path)),
    )
