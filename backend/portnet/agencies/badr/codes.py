"""What the codes of a CUSRES of BADR mean. Facts of UN/EDIFACT D.96B are marked as such; list MA1 is our own profile.

No interface specification of BADR is public: an agreement with customs replaces MA1 and nothing else.
"""

from __future__ import annotations

from typing import Final

#: UN/EDIFACT 0065, 0052, 0054, 0051: the one message type that is read.
MESSAGE_TYPE: Final = ("CUSRES", "D", "96B", "UN")

#: UN/EDIFACT 1001, document name: the declaration that the response is about.
PROCEDURES: Final = {
    "929": "DUM_IMPORT",  # goods declaration for importation
    "830": "DUM_EXPORT",  # goods declaration for exportation
}

#: UN/EDIFACT 1225, message function: how the message stands to the one that RFF+ACW names.
ORIGINAL: Final = "9"
CANCELLATION: Final = "1"
REPLACE: Final = "5"

#: Of UN/EDIFACT 7365, processing indicator, those that mean one step of ours and no other. "5 goods required for
#: examination" and "7 goods detained" could each be one of several: BADR says them in its own list.
STANDARD_INDICATORS: Final = {
    "1": "registered",  # message content accepted
    "2": "rejected",  # message content rejected with comment
    "3": "rejected",  # message content rejected without comment
    "4": "released",  # goods released
    "6": "info_requested",  # all documents or as specified to be produced
}

#: UN/EDIFACT 1131, code list qualifier, of BADR's own indicators.
OWN_LIST: Final = "MA1"

#: BADR's own indicators, named after the French words of its screens. Profile of ours.
OWN_INDICATORS: Final = {
    "CVE": "channel_green",  # circuit vert
    "COR": "channel_orange",  # circuit orange
    "CRO": "channel_red",  # circuit rouge
    "ADC": "conform",  # admis pour conforme
    "ESC": "escalate_visit",  # passage en visite physique
    "VIF": "visit_set",  # visite fixée
    "VIR": "visit_postponed",  # visite reportée
    "VIE": "visit_done",  # visite effectuée
    "PRE": "sampled",  # prélèvement
    "ANA": "lab_result",  # résultat d'analyse
    "RED": "redress",  # redressement sans contentieux
    "CTX": "dispute",  # contentieux
    "SAI": "seized",  # saisie
    "LIQ": "liquidated",  # liquidée
    "PAY": "paid",  # payée
    "GAR": "guaranteed",  # garantie
    "EXO": "exempt",  # exonérée
    "BLO": "agency_hold",  # document exigible non reconnu
    "DBL": "hold_lifted",  # blocage levé
    "REF": "agency_refused",  # refusée par l'organisme de contrôle
    "ANM": "release_withdrawn",  # annulation de mainlevée
    "BAE": "exit_authorised",  # bon à enlever
    "SPA": "exited_part",  # sortie partielle
    "SOR": "exited",  # sortie
    "PLO": "sealed",  # plombage
    "BEM": "loading_authorised",  # bon à embarquer
}

#: UN/EDIFACT 1153, reference qualifier, and the scheme under which we file it.
REFERENCES: Final = {
    "ABT": "DUM",  # customs declaration number
    "ABE": "SUBMISSION",  # declarant's reference number
    "BM": "BL",  # bill of lading number
    "IP": "TITLE",  # import licence number
    "EX": "TITLE",  # export licence number
}
#: UN/EDIFACT 1153: reference number to a previous message; here the event id of it, ``interchange/message``.
PREVIOUS_MESSAGE: Final = "ACW"

#: UN/EDIFACT 2005, date/time qualifier.
HAPPENED: Final = "9"  # processing date/time
WRITTEN: Final = "137"  # document/message date/time
DUE: Final = {
    "7": "an appointment",  # effective date/time
    "36": "an answer",  # expiry date
    "140": "a payment",  # payment due date
}

#: UN/EDIFACT 3035, party qualifier: who the operator of a declaration is.
OPERATOR: Final = {"DUM_IMPORT": "IM", "DUM_EXPORT": "EX"}  # importer, exporter
BROKER: Final = "CB"  # customs broker

#: UN/EDIFACT 3227: customs office of clearance. 8053: container. 5025: duty, tax or fee amount.
CLEARANCE_OFFICE: Final = "22"
CONTAINER: Final = "CN"
DUTY: Final = "55"
