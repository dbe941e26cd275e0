"""What the codes of an SPS acknowledgement of ONSSA mean. Codes of UN/CEFACT are marked; list ONSSA is our own profile.

No interface specification of ONSSA is public: an agreement with it replaces the list and nothing else.
"""

from __future__ import annotations

from typing import Final

#: Namespaces of the release that the IPPC ePhyto hub exchanges.
MESSAGE: Final = "urn:un:unece:uncefact:data:standard:SPSAcknowledgement:17"
ENTITIES: Final = (
    "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:21"
)
DATA_TYPES: Final = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:21"

#: ``listID`` of ONSSA's own codes; a code without one is UN/CEFACT's.
OWN_LIST: Final = "ONSSA"

#: Types of the referenced documents that name a procedure, as (list, code): procedure and scheme of its number. A
#: certificate has its number from the request on.
SUBJECTS: Final = {
    (OWN_LIST, "DCI"): ("ONSSA_IMPORT", "ONSSA_FILE"),  # demande de contrôle à l'importation
    ("", "851"): ("PHYTO_EXPORT", "CERT"),  # UN/EDIFACT 1001: phytosanitary certificate
    ("", "852"): ("SANIT_EXPORT", "CERT"),  # sanitary certificate
    ("", "853"): ("SANIT_EXPORT", "CERT"),  # veterinary certificate
}

#: Types of the other referenced documents, and the scheme under which we file them.
REFERENCES: Final = {
    ("", "929"): "DUM",  # UN/EDIFACT 1001: goods declaration for importation
    ("", "830"): "DUM",  # goods declaration for exportation
    ("", "705"): "BL",  # bill of lading
    (OWN_LIST, "DCP"): "ONSSA_FILE",  # demande de certificat phytosanitaire
    (OWN_LIST, "DCS"): "ONSSA_FILE",  # demande de certificat sanitaire
    (OWN_LIST, "CTR"): "CONTAINER",
    (OWN_LIST, "LOT"): "LOT",
}

#: Types of the references to an earlier acknowledgement, by its id.
RETRACTED: Final = (OWN_LIST, "ANN")
CORRECTED: Final = (OWN_LIST, "COR")

#: Status of a control at import, as (list, code).
IMPORT_STATUS: Final = {
    ("", "1"): "registered",  # UN/EDIFACT 1373: accepted
    ("", "8"): "rejected",  # rejected
    (OWN_LIST, "ENREGISTRE"): "registered",
    (OWN_LIST, "REJETE"): "rejected",
    (OWN_LIST, "DOC_CONFORME"): "doc_ok",
    (OWN_LIST, "COMPLEMENT"): "info_requested",
    (OWN_LIST, "IDENTITE_CONFORME"): "id_ok",
    (OWN_LIST, "REPORTE"): "postponed",
    (OWN_LIST, "CONTROLE_FAIT"): "physical_done",
    (OWN_LIST, "PRELEVE"): "sampled",
    (OWN_LIST, "CONSIGNE"): "hold",
    (OWN_LIST, "CONSIGNE_LEVEE"): "hold_lifted",
    (OWN_LIST, "ENLEVEMENT_SOUS_CONSIGNE"): "consigned_out",
    (OWN_LIST, "RESULTAT"): "lab_result",
    (OWN_LIST, "CONTRE_ANALYSE"): "counter_analysis",
    (OWN_LIST, "ADMIS"): "admit",
    (OWN_LIST, "REFOULE"): "refuse",
    (OWN_LIST, "A_DETRUIRE"): "destroy",
    (OWN_LIST, "REEXPEDIE"): "re_exported",
    (OWN_LIST, "DETRUIT"): "destroyed",
}

#: Status of a certificate for export, as (list, code).
EXPORT_STATUS: Final = {
    ("", "1"): "accepted",
    ("", "8"): "refuse",
    ("", "70"): "issued",  # issued, as exchanged by the EU's TRACES
    (OWN_LIST, "ACCEPTE"): "accepted",
    (OWN_LIST, "COMPLEMENT"): "info_requested",
    (OWN_LIST, "REFUSE"): "refuse",
    (OWN_LIST, "INSPECTE_CONFORME"): "inspected_ok",
    (OWN_LIST, "INSPECTE_NON_CONFORME"): "inspected_ko",
    (OWN_LIST, "REPORTE"): "postponed",
    (OWN_LIST, "CONSIGNE"): "hold",
    (OWN_LIST, "CONSIGNE_LEVEE"): "hold_lifted",
    (OWN_LIST, "REINSPECTION"): "reinspect",
    (OWN_LIST, "DELIVRE"): "issued",
    (OWN_LIST, "TRANSMIS"): "transmitted",
    (OWN_LIST, "ECHEC_HUB"): "hub_failed",
    (OWN_LIST, "RETIRE"): "withdrawn",
    (OWN_LIST, "ACCEPTE_DESTINATION"): "accepted_dest",  # what the hub brings back
    (OWN_LIST, "REFUSE_DESTINATION"): "refused_dest",
}

STATUS: Final = {
    "ONSSA_IMPORT": IMPORT_STATUS,
    "PHYTO_EXPORT": EXPORT_STATUS,
    "SANIT_EXPORT": EXPORT_STATUS,
}

#: Subject codes of the notes that we read; others are for people.
OCCURRED_AT: Final = "OCCURRED_AT"
DUE_AT: Final = "DUE_AT"
OPERATOR: Final = "OPERATOR_ICE"
BROKER: Final = "BROKER_ICE"
POST: Final = "POST"
ITEM: Final = "ITEM"
