"""One person's world as the contract's JSON: what a scripted server answers with."""

import base64
from datetime import UTC, datetime
from typing import Any

import msgspec

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

Json = dict[str, Any]


def opaque(name: str, number: int) -> str:
    """As long as the real server's ids and cursors."""
    return base64.urlsafe_b64encode(f"{name}:{number:026}".encode()).decode().rstrip("=")


COMPANY: Json = {"id": opaque("Company", 1), "name": "Agro Atlas"}
OTHER: Json = {"id": opaque("Company", 2), "name": "Souss Primeurs"}


def dossier_json(id_: str, company: Json, at: datetime, **fields: object) -> Json:
    what: Json = {
        "action": "Rien à faire pour l'instant : la suite vous sera annoncée ici.",
        "actionCode": "WAIT_AGENCY",
        "warning": None,
        "reasons": [],
        "holder": {"kind": "AGENCY", "label": "Douane"},
        "place": None,
        "since": stamp(at),
        "deadline": None,
        **json_object(fields.pop("what", {})),
    }
    return {
        "__typename": "Dossier",
        "id": id_,
        "version": 1,
        "reference": f"309 010 2026 {sum(id_.encode()):07} G",
        "title": "Additifs pour l'alimentation animale",
        "company": company,
        "direction": "IMPORT",
        "status": "WAITING_AGENCY",
        "perishable": False,
        "updatedAt": stamp(at),
        "whatNow": what,
        **fields,
    }


def alert_json(id_: str, text: str, level: int, at: datetime) -> Json:
    return {
        "__typename": "Alert",
        "id": id_,
        "code": "A14",
        "level": level,
        "text": text,
        "state": "NEW",
        "dossier": None,
        "raisedAt": stamp(at),
        "expiresAt": None,
        "acknowledgedBy": None,
        "acknowledgedAt": None,
    }


def person_json(now: datetime) -> Json:
    return {
        "id": opaque("Viewer", 1),
        "name": "Salma Idrissi",
        "roles": ["DECLARANT"],
        "locale": "FR",
        "sandbox": True,
        "company": COMPANY,
        "mandates": [{"id": opaque("Mandate", 1), "company": OTHER, "broker": COMPANY}],
        "clock": {"now": stamp(now), "speed": 1.0, "paused": False},
    }


def page_json(nodes: list[Json]) -> Json:
    return {"nodes": nodes, "pageInfo": {"endCursor": None, "hasNextPage": False}}


def stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def json_object(value: object) -> Json:
    return msgspec.convert(value, dict[str, Any])
