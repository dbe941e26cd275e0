"""What a phone is told about a paper that it sends: status, code, and a sentence in three languages."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from portnet.domain.localised import Localised
from portnet.services.declaring.receiving import Refused


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """``retry_after`` in seconds, where the same may succeed later."""

    status: int
    sentence: Localised
    retry_after: int | None = None


def _answer(status: int, fr: str, ar: str, en: str, retry_after: int | None = None) -> Answer:
    return Answer(status=status, sentence=Localised(fr=fr, ar=ar, en=en), retry_after=retry_after)


REFUSED: Mapping[Refused, Answer] = {
    Refused.UNKNOWN: _answer(
        404,
        "Ce lien d'envoi est inconnu.",
        "رابط الإرسال هذا غير معروف.",
        "This upload link is not known.",
    ),
    Refused.EXPIRED: _answer(
        410,
        "Le délai d'envoi est dépassé : recommencez avec un nouvel envoi.",
        "انقضى أجل الإرسال: ابدؤوا إرسالا جديدا.",
        "The time to send it is over: start a new upload.",
    ),
    Refused.OFFSET_MOVED: _answer(
        409,
        "Un autre envoi est plus avancé : reprenez là où il en est.",
        "هناك إرسال آخر أكثر تقدما: تابعوا من حيث وصل.",
        "Another sending is further on: resume from where it is.",
    ),
    Refused.TOO_LARGE: _answer(
        413,
        "Le fichier est plus grand qu'annoncé, ou que 10 Mo.",
        "الملف أكبر مما أعلن عنه أو من 10 ميغابايت.",
        "The file is larger than announced, or than 10 MB.",
    ),
    Refused.NO_ROOM: _answer(
        413,
        "Il n'y a plus de place pour ce fichier en ce moment : réessayez plus tard.",
        "لا توجد مساحة لهذا الملف حاليا: أعيدوا المحاولة لاحقا.",
        "There is no room for this file now: try again later.",
        600,
    ),
    Refused.WRONG_LENGTH: _answer(
        422,
        "La taille reçue n'est pas celle annoncée.",
        "الحجم المستلم لا يطابق الحجم المعلن.",
        "The size received is not the one announced.",
    ),
    Refused.WRONG_HASH: _answer(
        422,
        "Le fichier reçu est altéré : envoyez-le de nouveau.",
        "الملف المستلم تالف: أعيدوا إرساله.",
        "The file arrived damaged: send it again.",
    ),
    Refused.WRONG_TYPE: _answer(
        415,
        "Ce fichier n'est pas du type annoncé ; sont acceptés PDF, JPEG et PNG.",
        "هذا الملف ليس من النوع المعلن؛ تقبل ملفات PDF وJPEG وPNG.",
        "This file is not of the type announced; PDF, JPEG and PNG are accepted.",
    ),
    Refused.INFECTED: _answer(
        422,
        "L'antivirus a refusé ce fichier.",
        "رفض مضاد الفيروسات هذا الملف.",
        "The virus scanner refused this file.",
    ),
    Refused.NOT_SCANNED_YET: _answer(
        429,
        "Le contrôle antivirus n'a pas répondu : réessayez dans un instant.",
        "لم يستجب فحص الفيروسات: أعيدوا المحاولة بعد لحظات.",
        "The virus check did not answer: try again in a moment.",
        30,
    ),
}
EMPTY = _answer(
    400, "Aucun octet n'a été reçu.", "لم يتم استلام أي بايت.", "Not a single byte came."
)
MALFORMED = _answer(
    400,
    "La position annoncée de ce morceau n'est pas lisible, ou ne correspond pas.",
    "موضع هذا الجزء غير مقروء أو غير مطابق.",
    "The announced position of this part cannot be read, or does not fit.",
)
SLOW = _answer(
    408,
    "La suite du fichier n'est pas arrivée : reprenez l'envoi.",
    "لم تصل بقية الملف: تابعوا الإرسال.",
    "The rest of the file did not come: resume the upload.",
)
UNAVAILABLE = _answer(
    503,
    "Le service est indisponible : reprenez l'envoi dans un instant.",
    "الخدمة غير متاحة: تابعوا الإرسال بعد لحظات.",
    "The service is unavailable: resume the upload in a moment.",
    5,
)
