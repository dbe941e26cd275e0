"""What people are told about an issue, in their language: the line, the field, and what would mend it."""

from __future__ import annotations

from collections.abc import Mapping

from portnet.domain.declaring.issue import Issue, IssueCode
from portnet.domain.localised import Locale, Localised

#: What an unknown path is cut to.
_SHORT = 60
_LINE = Localised(fr="Ligne {line} : ", ar="السطر {line}: ", en="Line {line}: ")
_FIELD = Localised(fr="{label} : {sentence}", ar="{label}: {sentence}", en="{label}: {sentence}")


def sentence(issue: Issue) -> Localised:
    """The whole sentence, ready to be shown: line, field, and what to do."""
    return Localised(fr=_said(issue, "fr"), ar=_said(issue, "ar"), en=_said(issue, "en"))


def _said(issue: Issue, locale: Locale) -> str:
    name = issue.label.in_(locale) if issue.label else issue.path[:_SHORT]
    words = SENTENCES[issue.code].in_(locale).format_map(issue.arguments)
    line = _LINE.in_(locale).format_map(issue.arguments) if "line" in issue.arguments else ""
    return line + _FIELD.in_(locale).format(label=name, sentence=words)


def _words(fr: str, ar: str, en: str) -> Localised:
    return Localised(fr=fr, ar=ar, en=en)


#: By code. What stands in braces comes from the issue's arguments, the same in each language.
SENTENCES: Mapping[IssueCode, Localised] = {
    IssueCode.REQUIRED: _words("à renseigner.", "معلومة إلزامية.", "please fill this in."),
    IssueCode.UNKNOWN_FIELD: _words(
        "ce champ n'existe plus dans ce formulaire. Mettez l'application à jour.",
        "لم يعد هذا الحقل موجودا في هذه الاستمارة. حدثوا التطبيق.",
        "this form has no such field any more. Update the app.",
    ),
    IssueCode.NOT_ASKED: _words(
        "ne s'applique pas ici, effacez-le.",
        "لا ينطبق هنا، امسحوه.",
        "does not apply here, clear it.",
    ),
    IssueCode.TOO_LONG: _words(
        "{most} caractères au plus.", "{most} حرفا على الأكثر.", "at most {most} characters."
    ),
    IssueCode.TOO_SHORT: _words(
        "{least} caractères au moins.", "{least} أحرف على الأقل.", "at least {least} characters."
    ),
    IssueCode.HIDDEN_CHARACTERS: _words(
        "contient des caractères invisibles, retapez le texte.",
        "يحتوي على رموز غير مرئية، أعيدوا كتابة النص.",
        "holds characters that nobody can see, type it again.",
    ),
    IssueCode.WRONG_SHAPE: _words(
        "le format n'est pas le bon.", "الصيغة غير صحيحة.", "this is not the right format."
    ),
    IssueCode.NOT_AN_OPTION: _words(
        "choisissez dans la liste.", "اختاروا من القائمة.", "choose from the list."
    ),
    IssueCode.NOT_LISTED: _words(
        "code absent de nos tables, vérifiez-le.",
        "رمز غير موجود في جداولنا، تحققوا منه.",
        "our tables do not have this code, check it.",
    ),
    IssueCode.TOO_MANY: _words("{most} au plus.", "{most} على الأكثر.", "at most {most}."),
    IssueCode.NOT_A_NUMBER: _words(
        "écrivez un nombre, par exemple 1234.5.",
        "اكتبوا عددا، مثلا 1234.5.",
        "write a number, such as 1234.5.",
    ),
    IssueCode.NOT_WHOLE: _words(
        "écrivez un nombre entier.", "اكتبوا عددا صحيحا.", "write a whole number."
    ),
    IssueCode.TOO_MANY_DECIMALS: _words(
        "{most} décimales au plus.", "{most} أرقام عشرية على الأكثر.", "at most {most} decimals."
    ),
    IssueCode.NOT_POSITIVE: _words(
        "doit être supérieur à zéro.", "يجب أن يكون أكبر من الصفر.", "must be more than zero."
    ),
    IssueCode.NEGATIVE: _words(
        "ne peut pas être négatif.", "لا يمكن أن يكون سالبا.", "cannot be negative."
    ),
    IssueCode.NOT_A_DATE: _words(
        "cette date n'existe pas.", "هذا التاريخ غير موجود.", "there is no such date."
    ),
    IssueCode.TOO_EARLY: _words(
        "date antérieure au {date}.", "تاريخ قبل {date}.", "this date is before {date}."
    ),
    IssueCode.TOO_LATE: _words(
        "date postérieure au {date}.", "تاريخ بعد {date}.", "this date is after {date}."
    ),
    IssueCode.ICE_WRONG: _words(
        "l'ICE a 15 chiffres dont deux de contrôle, vérifiez-le.",
        "يتكون التعريف الموحد من 15 رقما منها رقمان للمراقبة، تحققوا منه.",
        "an ICE has 15 digits, two of them check digits: check it.",
    ),
    IssueCode.CONTAINER_WRONG: _words(
        "numéro de conteneur erroné (4 lettres, 7 chiffres dont un de contrôle).",
        "رقم الحاوية غير صحيح (4 أحرف و7 أرقام منها رقم للمراقبة).",
        "wrong container number (4 letters, 7 digits, the last a check digit).",
    ),
    IssueCode.AIR_WAYBILL_WRONG: _words(
        "numéro de LTA erroné (3 chiffres, puis 8 dont un de contrôle).",
        "رقم وثيقة النقل الجوي غير صحيح (3 أرقام ثم 8 منها رقم للمراقبة).",
        "wrong air waybill number (3 digits, then 8, the last a check digit).",
    ),
    IssueCode.DUM_WRONG: _words(
        "une DUM s'écrit bureau, régime, année, série et clé.",
        "يتكون رقم التصريح من المكتب والنظام والسنة والرقم التسلسلي والمفتاح.",
        "a DUM is written as office, regime, year, series and key.",
    ),
    IssueCode.DUM_KEY_DOUBTFUL: _words(
        "la lettre clé paraît inexacte, vérifiez-la.",
        "يبدو حرف المفتاح غير صحيح، تحققوا منه.",
        "the key letter looks wrong, check it.",
    ),
    IssueCode.TARIFF_CODE_WRONG: _words(
        "la position tarifaire a 10 chiffres.",
        "يتكون البند التعريفي من 10 أرقام.",
        "a tariff code has 10 digits.",
    ),
    IssueCode.TARIFF_CODE_UNKNOWN: _words(
        "la sous-position {heading} n'est pas dans notre tarif, vérifiez-la.",
        "البند الفرعي {heading} غير موجود في تعريفتنا، تحققوا منه.",
        "our tariff does not have the subheading {heading}, check it.",
    ),
    IssueCode.OTHER_COMPANY: _words(
        "ce n'est pas l'ICE de la société pour laquelle vous déclarez.",
        "ليس هذا التعريف الموحد للشركة المصرح باسمها.",
        "this is not the ICE of the company that you declare for.",
    ),
    IssueCode.PARTY_AT_HOME: _words(
        "le partenaire étranger est au Maroc, vérifiez le pays.",
        "الطرف الأجنبي يوجد بالمغرب، تحققوا من البلد.",
        "the foreign party is in Morocco, check the country.",
    ),
    IssueCode.INCOTERM_BY_SEA: _words(
        "{incoterm} ne vaut que par mer, choisissez un autre incoterm.",
        "{incoterm} خاص بالنقل البحري، اختاروا شرطا آخر.",
        "{incoterm} is for goods by sea only, choose another incoterm.",
    ),
    IssueCode.FREIGHT_TWICE: _words(
        "déjà compris dans le prix avec cet incoterm, effacez-le.",
        "مشمول في السعر حسب شرط التسليم هذا، امسحوه.",
        "is in the price already with this incoterm, clear it.",
    ),
    IssueCode.INSURANCE_TWICE: _words(
        "déjà comprise dans le prix avec cet incoterm, effacez-la.",
        "مشمول في السعر حسب شرط التسليم هذا، امسحوه.",
        "is in the price already with this incoterm, clear it.",
    ),
    IssueCode.TITLE_EXPIRED: _words(
        "ce titre a expiré le {date}.",
        "انتهت صلاحية هذا السند في {date}.",
        "this title expired on {date}.",
    ),
    IssueCode.TITLE_EXCEEDED: _words(
        "il reste {remaining} sur le titre.",
        "المتبقي في السند {remaining}.",
        "the title has {remaining} left.",
    ),
    IssueCode.TITLE_OTHER_CURRENCY: _words(
        "le titre est en {currency}.", "عملة السند هي {currency}.", "the title is in {currency}."
    ),
    IssueCode.NOT_IN_TITLE: _words(
        "la sous-position {heading} n'est pas dans le titre.",
        "البند الفرعي {heading} غير وارد في السند.",
        "the title does not have the subheading {heading}.",
    ),
    IssueCode.LOT_TAKEN: _words(
        "ce lot est déjà dans une autre déclaration en cours.",
        "هذه الحصة واردة في تصريح آخر قيد المعالجة.",
        "another live declaration has this lot already.",
    ),
    IssueCode.CONTAINER_TWICE: _words(
        "ce conteneur est saisi deux fois.",
        "تم إدخال هذه الحاوية مرتين.",
        "this container is entered twice.",
    ),
    IssueCode.CONTAINER_BUSY: _words(
        "ce conteneur figure dans un autre dossier en cours.",
        "هذه الحاوية واردة في ملف آخر قيد المعالجة.",
        "another live file has this container.",
    ),
    IssueCode.NET_ABOVE_GROSS: _words(
        "dépasse le poids brut.", "يتجاوز الوزن الإجمالي.", "is more than the gross weight."
    ),
    IssueCode.TOTAL_DIFFERS: _words(
        "les lignes font {total}, la facture {amount}.",
        "مجموع السطور {total} والفاتورة {amount}.",
        "the lines make {total}, the invoice {amount}.",
    ),
    IssueCode.ORIGIN_PROOF_MISSING: _words(
        "la préférence demandée exige ce certificat.",
        "الأفضلية المطلوبة تستوجب هذه الشهادة.",
        "the preference claimed needs this certificate.",
    ),
}
