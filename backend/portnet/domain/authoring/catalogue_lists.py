"""Reads the lists that all procedures share: actions, agencies and other holders, documents.

It takes parsed TOML, never paths. Whatever has the right shape is read; `catalogue_check` names the rest.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from portnet.domain.authoring.authored import Fault, read_table, within
from portnet.domain.business_hours import Span, parse_span
from portnet.domain.catalogue import SILENT_AFTER, Action, Agency, DocumentKind
from portnet.domain.localised import Localised

_NOTHING = Localised(fr="", ar="", en="")


class _Words(msgspec.Struct):
    # A missing language is a fault of meaning, named by the check: the text is read as empty.
    fr: str = ""
    ar: str = ""
    en: str = ""


class _ActionTable(msgspec.Struct, kw_only=True):
    label: object = None
    prohibition: bool = False


class _AgencyTable(msgspec.Struct, kw_only=True):
    source: str
    label: object = None
    short: object = None
    silent_after: str | None = None


class _HolderTable(msgspec.Struct, kw_only=True):
    label: object = None


class _AgenciesFile(msgspec.Struct, kw_only=True):
    agencies: dict[str, object] = {}
    holders: dict[str, object] = {}


class _DocumentTable(msgspec.Struct, kw_only=True):
    label: object = None
    edifact: str | None = None


def read_actions(tables: Mapping[str, object], faults: list[Fault]) -> dict[str, Action]:
    actions: dict[str, Action] = {}
    for code, table in tables.items():
        if read := read_table(_ActionTable, table, code, faults):
            label = read_words(read.label, within(code, "label"), faults)
            actions[code] = Action(code=code, label=label, prohibition=read.prohibition)
    return actions


def read_documents(tables: Mapping[str, object], faults: list[Fault]) -> dict[str, DocumentKind]:
    documents: dict[str, DocumentKind] = {}
    for code, table in tables.items():
        if read := read_table(_DocumentTable, table, code, faults):
            label = read_words(read.label, within(code, "label"), faults)
            documents[code] = DocumentKind(code=code, label=label, edifact=read.edifact)
    return documents


def read_agencies(
    tables: Mapping[str, object], faults: list[Fault]
) -> tuple[dict[str, Agency], dict[str, Localised]]:
    """Agencies by code, and the labels of the other holders by theirs."""
    file = read_table(_AgenciesFile, tables, "", faults) or _AgenciesFile()
    agencies: dict[str, Agency] = {}
    for code, table in file.agencies.items():
        place = f"agencies.{code}"
        if read := read_table(_AgencyTable, table, place, faults):
            agencies[code] = Agency(
                code=code,
                source=read.source,
                label=read_words(read.label, within(place, "label"), faults),
                short=read_words(read.short, within(place, "short"), faults),
                silent_after=_silence(read.silent_after, within(place, "silent_after"), faults),
            )
    holders: dict[str, Localised] = {}
    for code, table in file.holders.items():
        place = f"holders.{code}"
        if holder := read_table(_HolderTable, table, place, faults):
            holders[code] = read_words(holder.label, within(place, "label"), faults)
    return agencies, holders


def _silence(text: str | None, place: str, faults: list[Fault]) -> Span:
    try:
        return SILENT_AFTER if text is None else parse_span(text)
    except ValueError as error:
        faults.append(Fault(place=place, sentence=str(error)))
        return SILENT_AFTER


def read_words(table: object, place: str, faults: list[Fault]) -> Localised:
    """The words in ``table``, empty ones for a language that it leaves out."""
    words = None if table is None else read_table(_Words, table, place, faults)
    return Localised(fr=words.fr, ar=words.ar, en=words.en) if words else _NOTHING
