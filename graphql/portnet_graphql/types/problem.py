"""Expected refusals as values: an app that does not know one still has a code and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import strawberry

from portnet.domain.identity.mandate import NoMandate
from portnet.domain.identity.member import LONGEST_LOGIN, LONGEST_NAME
from portnet.domain.localised import Locale, Localised
from portnet.domain.submission import NotDone
from portnet.services.act import LONGEST_TEXT
from portnet.services.desk.anomaly import LONGEST_REASON, AnomalyRefusal
from portnet.services.identity.device import LONGEST_ADDRESS, LONGEST_LABEL
from portnet.services.identity.invitation import LONGEST_PASSWORD
from portnet_graphql.types.node import Node
from portnet_graphql.types.scalars import Proof, Severity
from portnet_graphql.types.sentences import lapse_sentence, lapse_state

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
#: Why something is not done, by the code of its refusal.
NOT_DONE: Mapping[NotDone, Localised] = {
    NotDone.NOT_NOW: Localised(
        fr="Ce n'est pas possible dans l'état actuel.",
        ar="هذا غير ممكن في الحالة الراهنة.",
        en="This is not possible in the present state.",
    ),
    NotDone.NOT_YOURS: Localised(
        fr="Votre rôle ne permet pas cette action.",
        ar="لا تسمح صفتكم بهذا الإجراء.",
        en="Your role does not allow this.",
    ),
    NotDone.UNDER_WAY: Localised(
        fr="Une demande est déjà en cours : attendez la réponse de l'organisme.",
        ar="هناك طلب قيد المعالجة: انتظروا جواب الهيئة.",
        en="A request is under way already: wait for the agency's answer.",
    ),
    NotDone.NO_ROUTE: Localised(
        fr="Le système de cet organisme n'est pas encore joignable d'ici.",
        ar="لا يمكن بعد الوصول إلى نظام هذه الهيئة من هنا.",
        en="This agency's system cannot be reached from here yet.",
    ),
    NotDone.APPROVAL_MISSING: Localised(
        fr="L'accord d'un responsable est nécessaire.",
        ar="موافقة المسؤول ضرورية.",
        en="A manager's approval is needed.",
    ),
    NotDone.OWN_WORK: Localised(
        fr="Une autre personne doit donner son accord.",
        ar="يجب أن يوافق شخص آخر.",
        en="Somebody else has to approve it.",
    ),
    NotDone.PROOF_MISSING: Localised(
        fr="Cette action demande un second facteur, que vous n'avez pas encore.",
        ar="يتطلب هذا الإجراء عاملا ثانيا للتحقق لا تتوفرون عليه بعد.",
        en="This needs a second factor, which you do not have yet.",
    ),
    NotDone.PROOF_WRONG: Localised(
        fr="Le code est faux ou n'est plus valable.",
        ar="الرمز خاطئ أو لم يعد صالحا.",
        en="The code is wrong or no longer valid.",
    ),
    NotDone.BLOCKED: Localised(
        fr="Des erreurs bloquantes restent à corriger.",
        ar="توجد أخطاء مانعة يجب تصحيحها.",
        en="Blocking errors remain to be corrected.",
    ),
    NotDone.SUSPENDED: Localised(
        fr="L'abonnement de votre société est suspendu : consultation seule.",
        ar="اشتراك شركتكم موقوف: الاطلاع فقط.",
        en="Your company's subscription is suspended: reading only.",
    ),
    NotDone.LAST_ADMINISTRATOR: Localised(
        fr="Une société garde toujours un administrateur actif.",
        ar="يجب أن يبقى للشركة مدير نشط واحد على الأقل.",
        en="A company always keeps an active administrator.",
    ),
    NotDone.OTHER_CONTENT: Localised(
        fr="Le contenu a changé depuis que vous l'avez lu.",
        ar="تغير المحتوى منذ أن قرأتموه.",
        en="The content has changed since you read it.",
    ),
}
STALE = Localised(
    fr="Cela a changé entre-temps : relisez, puis recommencez.",
    ar="تغيرت المعطيات في هذه الأثناء: راجعوها ثم أعيدوا المحاولة.",
    en="It has changed meanwhile: read it again, then try again.",
)
PROOF_REQUIRED = Localised(
    fr="Confirmez avec votre second facteur.",
    ar="أكدوا بعاملكم الثاني للتحقق.",
    en="Confirm with your second factor.",
)
KEY_REUSED = Localised(
    fr="Cet identifiant d'opération a déjà servi à autre chose.",
    ar="سبق استعمال معرف هذه العملية لغرض آخر.",
    en="This operation's id was used for something else already.",
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
    "FIXED": Localised(
        fr="Cette valeur ne change plus.",
        ar="لا يمكن تغيير هذه القيمة.",
        en="This cannot be changed.",
    ),
    "TAKEN": Localised(
        fr="Cet identifiant est déjà pris.",
        ar="اسم المستخدم هذا مستعمل.",
        en="This login is taken.",
    ),
    "TOO_EARLY": Localised(
        fr="Cette date est trop proche.", ar="هذا التاريخ مبكر جدا.", en="This date is too early."
    ),
    "TOO_SHORT": Localised(
        fr="Au moins 8 caractères.", ar="8 أحرف على الأقل.", en="At least 8 characters."
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
    "login": LONGEST_LOGIN,
    "name": LONGEST_NAME,
    "password": LONGEST_PASSWORD,
    "reason": LONGEST_REASON,
    "text": LONGEST_TEXT,
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
    def because(cls, refusal: NotDone, state: str, locale: Locale) -> NotAllowedNow:
        return cls(code=refusal.value, message=NOT_DONE[refusal].in_(locale), state=state)

    @classmethod
    def without(cls, missing: NoMandate, locale: Locale) -> NotAllowedNow:
        """The viewer's company has no mandate for it, or none any more."""
        message = lapse_sentence(missing, locale)
        return cls(code=missing.lapse.value, message=message, state=lapse_state(missing))

    @classmethod
    def for_anomaly(cls, code: str, locale: Locale) -> NotAllowedNow:
        """``code`` is one of `ANOMALY_REFUSALS`."""
        return cls(code=code, message=ANOMALY_REFUSALS[code].in_(locale), state=code)


@strawberry.type
class FieldConflict:
    path: str
    label: str
    yours: str | None
    theirs: str | None
    theirs_by: str


@strawberry.type
class StaleVersion(Problem):
    current: Node
    conflicts: list[FieldConflict]

    @classmethod
    def of(cls, current: Node, locale: Locale) -> StaleVersion:
        """Of a subject that is not edited field by field."""
        message = STALE.in_(locale)
        return cls(code="STALE_VERSION", message=message, current=current, conflicts=[])


@strawberry.type
class SecondFactorRequired(Problem):
    methods: list[Proof]
    operation_hash: str = strawberry.field(description="What the code will be bound to.")

    @classmethod
    def for_(cls, operation_hash: str, locale: Locale) -> SecondFactorRequired:
        return cls(
            code="SECOND_FACTOR_REQUIRED",
            message=PROOF_REQUIRED.in_(locale),
            methods=[Proof.TOTP, Proof.PASSKEY],
            operation_hash=operation_hash,
        )


@strawberry.type
class IdempotencyMismatch(Problem):
    @classmethod
    def in_(cls, locale: Locale) -> IdempotencyMismatch:
        return cls(code="IDEMPOTENCY_MISMATCH", message=KEY_REUSED.in_(locale))


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
