"""What a new user reads first: who they can be in the demo, and what to try. The terminal and the page say the same."""

from __future__ import annotations

import msgspec

from portnet.domain.access import Role
from portnet.domain.localised import Locale, Localised
from portnet_server.demo.accounts import COMPANIES, PASSWORD

_ROLES = {
    Role.DECLARANT: Localised(fr="déclarant", ar="مصرح", en="declarant"),
    Role.MANAGER: Localised(fr="responsable", ar="مسؤول", en="manager"),
    Role.FINANCE: Localised(fr="finances", ar="المالية", en="finance"),
    Role.LOGISTICS: Localised(fr="logistique", ar="اللوجستيك", en="logistics"),
    Role.ADMINISTRATOR: Localised(fr="administrateur", ar="مدير الحساب", en="administrator"),
    Role.HELP_DESK: Localised(fr="assistance", ar="المساعدة", en="help desk"),
}

TITLE = Localised(
    fr="PortNet Mobile : la démonstration tourne",
    ar="بورتنيت موبايل: العرض التجريبي يعمل",
    en="PortNet Mobile: the demo is running",
)
INTRODUCTION = Localised(
    fr="Un importateur, un exportateur, leur transitaire, des organismes simulés, des passerelles push et SMS "
    "simulées. Rien ne sort de cette machine.",
    ar="مستورد ومصدر ووسيطهما الجمركي، وهيئات بالمحاكاة، وبوابتا إشعارات ورسائل بالمحاكاة. "
    "لا شيء يخرج من هذا الجهاز.",
    en="An importer, an exporter, their broker, simulated agencies, mock push and SMS gateways. "
    "Nothing leaves this machine.",
)
ACCOUNTS = Localised(
    fr=f"Comptes (mot de passe {PASSWORD})",
    ar=f"الحسابات (كلمة السر {PASSWORD})",
    en=f"Accounts (password {PASSWORD})",
)
DEFAULT_PORT = 8000
NEXT = Localised(fr="À faire maintenant", ar="ما العمل الآن", en="What to do now")


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A command for a second terminal, and what it shows."""

    command: str
    shows: Localised


SUGGESTIONS = (
    Suggestion(
        command=".venv/bin/portnet phone --as declarant",
        shows=Localised(
            fr="un téléphone en direct : qui détient le dossier, depuis quand, que faire ; les alertes arrivent",
            ar="هاتف مباشر: من بيده الملف، منذ متى، وما العمل؛ والتنبيهات تصل",
            en="a live phone: who holds the file, since when, what to do now; alerts slide in",
        ),
    ),
    Suggestion(
        command=".venv/bin/portnet agency replay S0",
        shows=Localised(
            fr="une histoire entière en une minute : circuit orange, visite, consigne de l'ONSSA à 22 h 40, mainlevée",
            ar="قصة كاملة في دقيقة: مسار برتقالي، معاينة، منع مؤقت على الساعة 22:40، ثم رفع اليد",
            en="a whole story in a minute: orange channel, inspection, ONSSA's hold at 22:40, release",
        ),
    ),
    Suggestion(
        command=".venv/bin/portnet agency replay S1",
        shows=Localised(
            fr="des tomates vers Perpignan : l'entreprise corrige un étiquetage et agit (comptes exporter, broker)",
            ar="طماطم نحو بربينيان: الشركة تصحح الوسم وتتصرف بنفسها (الحسابان exporter و broker)",
            en="tomatoes to Perpignan: the company puts a label right and acts itself (accounts exporter, broker)",
        ),
    ),
    Suggestion(
        command=".venv/bin/portnet phone --as manager",
        shows=Localised(
            fr="approuver : tapez approve, lisez, puis approve 1 et le code ci-dessous",
            ar="للموافقة: اكتبوا approve واقرؤوا، ثم approve 1 والرمز أدناه",
            en="approve: type approve, read, then approve 1 and the code from below",
        ),
    ),
    Suggestion(
        command=".venv/bin/portnet agency replay S3 --wait",
        shows=Localised(
            fr="des machines : vous répondez (declarant), payez en ligne (do RÉF ACTION, finance), approuvez (manager)",
            ar="آلات: أنتم تجيبون (declarant) وتدفعون عبر الإنترنت (finance) وتوافقون (manager)",
            en="machinery: you answer (declarant), pay online (do REF ACTION, finance) and approve (manager)",
        ),
    ),
    Suggestion(
        command=".venv/bin/portnet code --as manager",
        shows=Localised(
            fr="le code qu'un acte sensible demande à manager (ou declarant, finance) ; il ne sert qu'une fois",
            ar="الرمز الذي يطلبه إجراء حساس من manager (أو declarant أو finance)، ويستعمل مرة واحدة",
            en="the code that a sensitive act asks manager for (or declarant, finance); it works once",
        ),
    ),
    Suggestion(
        command=".venv/bin/portnet anomalies",
        shows=Localised(
            fr="les messages qui n'ont pas pu être appliqués, et pourquoi",
            ar="الرسائل التي لم يمكن تطبيقها، والسبب",
            en="messages that could not be applied, and why",
        ),
    ),
)


def accounts(locale: Locale) -> list[tuple[str, str]]:
    """Login, and who that is."""
    return [
        (user.login, f"{user.name}, {_ROLES[user.role].in_(locale)}, {company.name}")
        for company in COMPANIES.values()
        for user in company.users
    ]


def suggestions(port: int) -> list[Suggestion]:
    """What to try; the commands find a demo on another port by the variable that it was started with."""
    if port == DEFAULT_PORT:
        return list(SUGGESTIONS)
    return [msgspec.structs.replace(s, command=f"PORT={port} {s.command}") for s in SUGGESTIONS]


def as_text(url: str, port: int, locale: Locale) -> str:
    """For the terminal."""
    lines = [TITLE.in_(locale), url, "", INTRODUCTION.in_(locale), "", ACCOUNTS.in_(locale)]
    lines += [f"  {login:<14} {who}" for login, who in accounts(locale)]
    lines += ["", NEXT.in_(locale)]
    for suggestion in suggestions(port):
        lines += [f"  {suggestion.command}", f"      {suggestion.shows.in_(locale)}"]
    return "\n".join(lines)
