"""What the codes of DCSA Track & Trace 3 mean for a passage through Tanger Med.

The lists are DCSA's (event domain 3.2.0); which of them mean an event of ours is our own profile, until the port agrees
on one. "Not DCSA's" and "DCSA's, and new to us" are told apart.
"""

from __future__ import annotations

from typing import Final

PROCEDURE: Final = "TM_PASSAGE"

EVENT_TYPES: Final = frozenset({"SHIPMENT", "TRANSPORT", "EQUIPMENT"})
CLASSIFIERS: Final = frozenset({"ACT", "EST", "PLN", "REQ"})

EQUIPMENT_EVENTS: Final = frozenset(
    {"LOAD", "DISC", "GTIN", "GTOT", "STUF", "STRP", "PICK", "AVPU", "DROP", "AVDO", "INSP", "RSEA"}
    | {"RMVD", "CUSS", "CUSI", "CUSR", "CROS"}
)
TRANSPORT_EVENTS: Final = frozenset({"ARRI", "DEPA"})
SHIPMENT_EVENTS: Final = frozenset(
    {"RECE", "DRFT", "PENA", "PENU", "PENC", "CONF", "REJE", "APPR", "ISSU", "SURR", "SUBM", "VOID"}
    | {"REQS", "CMPL", "HOLD", "RELS", "CANC"}
)
DOCUMENT_TYPES: Final = frozenset(
    {"CBR", "BKG", "SHI", "TRD", "DEI", "DEO", "TRO", "CRO", "ARN", "VGM", "CAS", "CUC"}
    | {"DGD", "OOG", "CQU", "INV", "HCE", "PCE", "VCE", "FCE", "ICE", "CEA", "CEO"}
)

#: Equipment events of a passage. INSP and CUSR are customs' decisions: BADR says them.
EQUIPMENT: Final = {
    "GTIN": "gate_in",  # gated in
    "CUSS": "control_selected",  # customs selected for scan
    "CUSI": "control_selected",  # customs selected for inspection
    "AVPU": "port_cleared",  # available for pick-up
    "LOAD": "loaded",
    "DISC": "unloaded",  # discharged: taken off the vessel again
    "GTOT": "gate_out",  # gated out
}

#: Transport events of a passage.
TRANSPORT: Final = {"DEPA": "departed"}

#: Shipment events, as (document, status). The port's movement authorisation (AMP) travels as a transport order.
SHIPMENT: Final = {
    ("TRO", "CONF"): "docs_ok",
    ("TRO", "PENU"): "info_requested",  # pending update
    ("TRO", "REJE"): "refuse",
    ("TRO", "VOID"): "lapsed",
    ("TRO", "HOLD"): "blocked",
    ("TRO", "RELS"): "unblocked",
    ("INV", "CMPL"): "paid",  # the port's invoice
}

#: ``type`` of relatedDocumentReferences, and the scheme under which we file it. DCSA's ICE is an inspection
#: certificate, not a company's identifier.
DOCUMENTS: Final = {
    "TRO": "AMP",
    "CUC": "DUM",
    "TRD": "BL",
    "INV": "PAYMENT",
    "PCE": "CERT",
    "VCE": "CERT",
    "HCE": "CERT",
    "ICE": "CERT",
}

#: ``type`` of references. EQ is DCSA's, the others are additions of our profile.
EQUIPMENT_REFERENCE: Final = "EQ"
MRN: Final = "MRN"
OPERATOR: Final = "ICE_OPERATOR"
BROKER: Final = "ICE_BROKER"
