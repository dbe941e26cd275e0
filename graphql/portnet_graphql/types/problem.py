"""Expected refusals as values: an app that does not know one still has a code and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import strawberry

from portnet.domain.help import LONGEST_QUESTION
from portnet.domain.localised import Locale, Localised
from portnet.services.anomaly import LONGEST_REASON, AnomalyRefusal
from portnet.services.device import LONGEST_ADDRESS, LONGEST_LABEL
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
#: By the code of the help desk's refusal; one that is not found has no sentence.
ANOMALY_REFUSALS: Mapping[str, Localised] = {
    AnomalyRefusal.SETTLED: Localised(
        fr="Cette anomalie a déjà été traitée.",
        ar="سبق أن تمت معالجة هذه الحالة.",
        en="This anomaly has been handled already.",
    ),
    AnomalyRefusal.UNREADABLE: Localised(
        fr="Le message est illisible, il ne peut être rattaché à un dossier.",
        ar="الرسالة غير مقروءة ولا يمكن إلحاقها بملف.",
        en="The message cannot be read, so it cannot be filed to a dossier.",
    ),
    AnomalyRefusal.ON_A_TIMELINE: Localised(
        fr="Le message figure déjà au suivi d'un dossier, il ne peut en changer.",
        ar="الرسالة مدرجة بالفعل في ملف ولا يمكن نقلها.",
        en="The message is on a file's timeline already and cannot move to another.",
    ),
}
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
    "OTHER_COMPANY": Localised(
        fr="Le message concerne une autre société que ce dossier.",
        ar="الرسالة تخص شركة أخرى غير صاحبة هذا الملف.",
        en="The message is about another company than this file.",
    ),
}
_LONGEST = {
    "address": LONGEST_ADDRESS,
    "label": LONGEST_LABEL,
    "reason": LONGEST_REASON,
    "text": LONGEST_QUESTION,
}


class Fault(Protocol):
    """A field that cannot be taken, and a code of `FAULTS` that says why."""

    @property
    def path(self) -> str: ...

    @property
    def code(self) -> str: ...


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

    @classmethod
    def for_anomaly(cls, code: str, locale: Locale) -> NotAllowedNow:
        """``code`` is one of `ANOMALY_REFUSALS`."""
        return cls(code=code, message=ANOMALY_REFUSALS[code].in_(locale), state=code)


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
    def of(cls, faults: Sequence[Fault], locale: Locale) -> InvalidInput:
        return cls(
            code="INVALID_INPUT",
            message=INVALID_INPUT.in_(locale),
            issues=[_issue(fault, locale) for fault in faults],
        )


def _issue(fault: Fault, locale: Locale) -> FieldIssue:
    sentence = FAULTS[fault.code].in_(locale)
    return FieldIssue(
        path=fault.path,
        code=fault.code,
        severity=Severity.ERROR,
        message=sentence.format(longest=_LONGEST.get(fault.path)),
    )
