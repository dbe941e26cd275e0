"""A procedure that our own clock moves, which no published one needs to be for its tests."""

from functools import cache

from portnet.catalogue import load_catalogue
from portnet.domain.catalogue import Catalogue
from portnet_notifications.catalogue import ALERTS

#: A file that our own clock closes, unless BADR does it in time.
LAPSING = """
code = "DUM_IMPORT"
version = 2
start = "RECEIVED"
opened_by = ["registered"]
identity = "DUM"
direction = "IMPORT"
phase = "CLEARANCE"
label = { fr = "Essai", ar = "تجربة", en = "Trial" }
transitions = [
    { from = "RECEIVED", event = "registered", to = "WAITING", by = ["BADR"] },
    { from = "WAITING", event = "exited", to = "ENDED", by = ["BADR"], alert = "A11" },
    { from = "WAITING", event = "lapse", to = "LAPSED", by = ["CLOCK"], alert = "A30" },
    { from = "LAPSED", event = "registered", to = "WAITING", by = ["BADR"] },
    { from = "LAPSED", event = "exited", to = "ENDED", by = ["BADR"], alert = "A11" },
    { from = "WAITING", event = "asked", to = "ASKED", by = ["BADR"], alert = "A05" },
    { from = "ASKED", event = "asked", to = "ASKED", by = ["BADR"], alert = "A05" },
    { from = "ASKED", event = "exited", to = "ENDED", by = ["BADR"], alert = "A11" },
]

[states.RECEIVED]
holder = "ADII"
action = "WAIT_AGENCY"
label = { fr = "Reçu", ar = "تم", en = "Received" }
short = { fr = "Reçu", ar = "تم", en = "Received" }

[states.WAITING]
holder = "ADII"
action = "WAIT_AGENCY"
alarm = "4h"
timeout = { after = "72h", event = "lapse" }
label = { fr = "En attente", ar = "انتظار", en = "Waiting" }
short = { fr = "En attente", ar = "انتظار", en = "Waiting" }

[states.ASKED]
holder = "DECLARANT"
action = "ANSWER_REQUEST"
label = { fr = "Pièce demandée", ar = "مطلوب", en = "Asked" }
short = { fr = "Demandé", ar = "مطلوب", en = "Asked" }

[states.LAPSED]
holder = "DECLARANT"
action = "CORRECT_AND_RESEND"
label = { fr = "Renvoyé", ar = "معاد", en = "Lapsed" }
short = { fr = "Renvoyé", ar = "معاد", en = "Lapsed" }

[states.ENDED]
final = true
outcome = "SUCCESS"
action = "NOTHING"
label = { fr = "Fini", ar = "انتهى", en = "Ended" }
short = { fr = "Fini", ar = "انتهى", en = "Ended" }
"""


@cache
def lapsing_catalogue() -> Catalogue:
    """What is published, and a newer DUM_IMPORT that lapses."""
    return load_catalogue(frozenset(ALERTS), extra=[LAPSING])
