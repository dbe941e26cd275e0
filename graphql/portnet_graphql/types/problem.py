"""Expected refusals as values: an app that does not know one still has a code and a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import strawberry

from portnet.domain.declaring.document import LONGEST_NUMBER, MOST_ENCLOSED
from portnet.domain.declaring.drafting import LONGEST_VALUE, MOST_PATCHES
from portnet.domain.identity.mandate import NoMandate
from portnet.domain.identity.member import LONGEST_LOGIN, LONGEST_NAME
from portnet.domain.identity.password import LONGEST_PASSWORD
from portnet.domain.identity.second_factor import Method
from portnet.domain.localised import Locale, Localised
from portnet.domain.submission import NotDone
from portnet.services.act import LONGEST_TEXT
from portnet.services.desk.anomaly import LONGEST_REASON, AnomalyRefusal
from portnet.services.identity.device import LONGEST_ADDRESS, LONGEST_LABEL
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
    NotDone.PROOF_USED: Localised(
        fr="Ce code a déjà servi : attendez le suivant.",
        ar="سبق استعمال هذا الرمز: انتظروا الرمز التالي.",
        en="This code was used already: wait for the next one.",
    ),
    NotDone.THROTTLED: Localised(
        fr="Trop d'essais : recommencez plus tard.",
        ar="محاولات كثيرة: أعيدوا المحاولة لاحقا.",
        en="Too many attempts: try again later.",
    ),
    NotDone.BLOCKED: Localised(
        fr="Des erreurs bloquantes restent à corriger.",
        ar="توجد أخطاء مانعة يجب تصحيحها.",
        en="Blocking errors remain to be corrected.",
    ),
    NotDone.DO_NOT_PAY_AGAIN: Localised(
        fr="Ne payez pas une deuxième fois : un paiement de la même dette est en cours ou en vérification.",
        ar="لا تؤدوا مرة ثانية: هناك أداء للدين نفسه قيد التنفيذ أو التحقق.",
        en="Do not pay a second time: a payment of the same debt is under way or being checked.",
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
TOO_MANY_UPLOADS = Localised(
    fr="Trop d'envois sont en attente : terminez-en un d'abord.",
    ar="هناك إرسالات كثيرة معلقة: أتموا واحدا منها أولا.",
    en="Too many uploads are waiting: finish one of them first.",
)
STALE = Localised(
    fr="Cela a changé entre-temps : relisez, puis recommencez.",
    ar="تغيرت المعطيات في هذه الأثناء: راجعوها ثم أعيدوا المحاولة.",
    en="It has changed meanwhile: read it again, then try again.",
)
DECIDED = Localised(
    fr="Déjà décidé par {by}.",
    ar="سبق أن بت في الأمر: {by}.",
    en="Already decided by {by}.",
)
STALE_APPROVAL = Localised(
    fr="Le contenu a changé depuis que vous l'avez lu : rien n'a été approuvé.",
    ar="تغير المحتوى منذ أن قرأتموه: لم تتم الموافقة على شيء.",
    en="The content has changed since you read it: nothing was approved.",
)
PROOF_REQUIRED = Localised(
    fr="Confirmez avec votre second facteur.",
    ar="أكدوا بعاملكم الثاني للتحقق.",
    en="Confirm with your second factor.",
)
CODE_USED = Localised(
    fr="Ce code a déjà servi : attendez le suivant, {seconds} s.",
    ar="سبق استعمال هذا الرمز: انتظروا الرمز التالي، {seconds} ث.",
    en="This code was used already: wait for the next one, {seconds} s.",
)
THROTTLED = Localised(
    fr="Trop d'essais : recommencez dans {minutes} min.",
    ar="محاولات كثيرة: أعيدوا المحاولة بعد {minutes} د.",
    en="Too many attempts: try again in {minutes} min.",
)
TRY_SOON = Localised(
    fr="Trop d'essais en même temps : recommencez dans {seconds} s.",
    ar="محاولات كثيرة في الوقت نفسه: أعيدوا المحاولة بعد {seconds} ث.",
    en="Too many attempts at once: try again in {seconds} s.",
)
NO_SUCH_METHOD = Localised(
    fr="Seule une application d'authentification (code à six chiffres) est possible pour l'instant.",
    ar="لا يمكن حاليا سوى استعمال تطبيق مصادقة (رمز من ستة أرقام).",
    en="Only an authenticator app (a code of six digits) is possible for now.",
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
CLOSED_CASE = Localised(
    fr="Cette question a déjà reçu une réponse.",
    ar="سبق الجواب على هذا السؤال.",
    en="This question has been answered already.",
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
    "UNKNOWN_FIELD": Localised(
        fr="Le formulaire n'a pas ce champ. Une ligne porte un ULID.",
        ar="لا يوجد هذا الحقل في الاستمارة. يعرف السطر برقم ULID.",
        en="The form has no such field. A line bears a ULID.",
    ),
    "TOO_MANY": Localised(
        fr="Au plus {longest}.", ar="{longest} على الأكثر.", en="At most {longest}."
    ),
    "TOO_LARGE": Localised(fr="Au plus 10 Mo.", ar="10 ميغابايت على الأكثر.", en="At most 10 MB."),
    "MALFORMED": Localised(
        fr="Cette valeur n'a pas la forme attendue.",
        ar="هذه القيمة ليست بالصيغة المطلوبة.",
        en="This value does not have the form that is expected.",
    ),
    "CONTENT_TOO_LARGE": Localised(
        fr="La déclaration est trop volumineuse.",
        ar="حجم التصريح كبير جدا.",
        en="The declaration is too large.",
    ),
    "TWICE": Localised(
        fr="Ce champ figure deux fois.",
        ar="وردت هذه الخانة مرتين.",
        en="This field is there twice.",
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
    "TOO_COMMON": Localised(
        fr="Ce mot de passe est trop courant : choisissez-en un autre.",
        ar="كلمة المرور هذه شائعة جدا: اختاروا غيرها.",
        en="This password is too common: choose another one.",
    ),
    "OTHER_COMPANY": Localised(
        fr="Le message concerne une autre société que ce dossier.",
        ar="الرسالة تخص شركة أخرى غير صاحبة هذا الملف.",
        en="The message is about another company than this file.",
    ),
}
_LONGEST = {
    "address": LONGEST_ADDRESS,
    "documents": MOST_ENCLOSED,
    "label": LONGEST_LABEL,
    "number": LONGEST_NUMBER,
    "patch": MOST_PATCHES,
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

    @classmethod
    def wrong_code(cls, locale: Locale) -> WrongCredentials:
        """Of a second factor."""
        return cls(code="PROOF_WRONG", message=NOT_DONE[NotDone.PROOF_WRONG].in_(locale))


@strawberry.type
class Throttled(Problem):
    retry_after_seconds: int

    @classmethod
    def for_(cls, seconds: int, locale: Locale) -> Throttled:
        """Too many attempts to get in."""
        sentence = (TRY_SOON if seconds < 60 else THROTTLED).in_(locale)
        message = sentence.format(seconds=seconds, minutes=-(-seconds // 60))
        return cls(code="THROTTLED", message=message, retry_after_seconds=seconds)

    @classmethod
    def until_a_code_counts(cls, throttled: bool, seconds: int, locale: Locale) -> Throttled:
        """Too many codes were wrong, or else this one was used before."""
        seconds = max(1, seconds)
        if throttled:
            message = THROTTLED.in_(locale).format(minutes=-(-seconds // 60))
            return cls(code="THROTTLED", message=message, retry_after_seconds=seconds)
        message = CODE_USED.in_(locale).format(seconds=seconds)
        return cls(code="CODE_USED", message=message, retry_after_seconds=seconds)

    @classmethod
    def too_many_uploads(cls, seconds: int, locale: Locale) -> Throttled:
        """``seconds`` until the oldest is given up; finishing one makes room at once."""
        return cls(
            code="TOO_MANY_UPLOADS",
            message=TOO_MANY_UPLOADS.in_(locale),
            retry_after_seconds=max(1, seconds),
        )


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
    def no_such_method(cls, method: str, locale: Locale) -> NotAllowedNow:
        """To enrol with."""
        return cls(code="METHOD_UNAVAILABLE", message=NO_SUCH_METHOD.in_(locale), state=method)

    @classmethod
    def decided(cls, by: str, state: str, locale: Locale) -> NotAllowedNow:
        """Of an approval that somebody decided before."""
        return cls(code="DECIDED", message=DECIDED.in_(locale).format(by=by), state=state)

    @classmethod
    def without(cls, missing: NoMandate, locale: Locale) -> NotAllowedNow:
        """The viewer's company has no mandate for it, or none any more."""
        message = lapse_sentence(missing, locale)
        return cls(code=missing.lapse.value, message=message, state=lapse_state(missing))

    @classmethod
    def for_anomaly(cls, code: str, locale: Locale) -> NotAllowedNow:
        """``code`` is one of `ANOMALY_REFUSALS`."""
        return cls(code=code, message=ANOMALY_REFUSALS[code].in_(locale), state=code)

    @classmethod
    def for_case(cls, locale: Locale) -> NotAllowedNow:
        return cls(code="CLOSED", message=CLOSED_CASE.in_(locale), state="CLOSED")


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
    def of(
        cls, current: Node, locale: Locale, conflicts: Sequence[FieldConflict] = ()
    ) -> StaleVersion:
        """``conflicts`` of a subject that is edited field by field."""
        return cls(
            code="STALE_VERSION",
            message=STALE.in_(locale),
            current=current,
            conflicts=list(conflicts),
        )


@strawberry.type
class SecondFactorRequired(Problem):
    methods: list[Proof]
    operation_hash: str = strawberry.field(description="What the code will be bound to.")

    @classmethod
    def for_(
        cls,
        operation_hash: str,
        methods: Sequence[Method],
        locale: Locale,
        why: NotDone = NotDone.PROOF_REQUIRED,
    ) -> SecondFactorRequired:
        """``why`` may be PROOF_WRONG, where a code that came was wrong and another one is waited for."""
        wrong = why is NotDone.PROOF_WRONG
        return cls(
            code=why.value if wrong else "SECOND_FACTOR_REQUIRED",
            message=(NOT_DONE[why] if wrong else PROOF_REQUIRED).in_(locale),
            methods=[Proof(method.value) for method in methods],
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
        message=sentence.format(longest=_LONGEST.get(fault.path, LONGEST_VALUE)),
    )
