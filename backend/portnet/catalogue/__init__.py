"""The published procedures, as TOML in rooms beside this file: ``<room>/<code>.v<version>.toml``.

What a published version means for a procedure under way never changes. This module reads the
files; what they may say is the domain's to judge.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable

from portnet.domain.authoring.authored import Fault, FaultyFile, read_toml
from portnet.domain.authoring.catalogue_check import (
    Known,
    check,
    check_actions,
    check_agencies,
    check_documents,
)
from portnet.domain.authoring.catalogue_file import (
    Fragment,
    Part,
    included_keys,
    is_fragment,
    part_key,
    read_definition,
    read_fragment,
)
from portnet.domain.authoring.catalogue_lists import read_actions, read_agencies, read_documents
from portnet.domain.catalogue import Action, Agency, Catalogue, Definition, DocumentKind
from portnet.domain.localised import Localised

_ACTIONS = "actions.toml"
_AGENCIES = "agencies.toml"
_DOCUMENTS = "documents.toml"

_Files = Mapping[str, Mapping[str, object]]


def load_catalogue(known_alerts: frozenset[str], extra: Sequence[str] = ()) -> Catalogue:
    """The published catalogue, and the definitions or fragments whose TOML texts are in ``extra``.

    Raises:
        FaultyFile: something may not be published; names every fault of every file.
    """
    faults: list[Fault] = []
    added = {f"extra {number}": text for number, text in enumerate(extra, start=1)}
    files = _parsed({**published(), **added}, faults)
    actions = _actions(files.pop(_ACTIONS), faults)
    agencies, holders = _agencies(files.pop(_AGENCIES), faults)
    documents = _documents(files.pop(_DOCUMENTS), faults)
    fragments = _fragments({n: t for n, t in files.items() if is_fragment(t)}, faults)
    known = Known(
        sources=frozenset(agency.source for agency in agencies.values()),
        holders=frozenset(agencies) | frozenset(holders),
        actions=actions,
        alerts=known_alerts,
        documents=frozenset(documents),
    )
    definitions = _definitions(
        {n: t for n, t in files.items() if not is_fragment(t)}, fragments, known, faults
    )
    if faults:
        raise FaultyFile(faults)
    return Catalogue(
        definitions=definitions,
        actions=actions,
        agencies=agencies,
        holders=holders,
        documents=documents,
    )


def published() -> dict[str, str]:
    """The files' texts by their path from here: ``customs/dum_import.v1.toml``."""
    return dict(_walk(importlib.resources.files(__name__), ""))


def _walk(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from _walk(entry, f"{path}{entry.name}/")
        elif entry.name.endswith(".toml"):
            yield f"{path}{entry.name}", entry.read_text(encoding="utf-8")


def _parsed(texts: Mapping[str, str], faults: list[Fault]) -> dict[str, Mapping[str, object]]:
    files: dict[str, Mapping[str, object]] = {}
    for name, text in texts.items():
        own: list[Fault] = []
        files[name] = read_toml(text, own)
        faults += _in_file(name, own)
    return files


def _actions(tables: Mapping[str, object], faults: list[Fault]) -> dict[str, Action]:
    own: list[Fault] = []
    actions = read_actions(tables, own)
    faults += _in_file(_ACTIONS, [*own, *check_actions(actions)])
    return actions


def _agencies(
    tables: Mapping[str, object], faults: list[Fault]
) -> tuple[dict[str, Agency], dict[str, Localised]]:
    own: list[Fault] = []
    agencies, holders = read_agencies(tables, own)
    faults += _in_file(_AGENCIES, [*own, *check_agencies(agencies, holders)])
    return agencies, holders


def _documents(tables: Mapping[str, object], faults: list[Fault]) -> dict[str, DocumentKind]:
    own: list[Fault] = []
    documents = read_documents(tables, own)
    faults += _in_file(_DOCUMENTS, [*own, *check_documents(documents)])
    return documents


def _fragments(files: _Files, faults: list[Fault]) -> dict[str, Fragment]:
    fragments: dict[str, Fragment] = {}
    for name, tables in files.items():
        own: list[Fault] = []
        if fragment := read_fragment(tables, own):
            key = part_key(fragment.code, fragment.version)
            own += _naming(name, fragment.code, fragment.version, key in fragments)
            fragments.setdefault(key, fragment)
        faults += _in_file(name, own)
    return fragments


def _definitions(
    files: _Files, fragments: Mapping[str, Fragment], known: Known, faults: list[Fault]
) -> dict[tuple[str, int], Definition]:
    definitions: dict[tuple[str, int], Definition] = {}
    parts: dict[str, Part] = dict(fragments)
    for name in _families_first(files):
        own: list[Fault] = []
        if definition := read_definition(files[name], parts, own):
            key = (definition.code, definition.version)
            own += _naming(name, *key, key in definitions)
            own += check(definition, known)
            definitions.setdefault(key, definition)
            parts.setdefault(part_key(*key), definition)
        faults += _in_file(name, own)
    return definitions


def _families_first(files: _Files) -> list[str]:
    """The names, each after those that it includes. Those that include each other come last, and
    are told that what they name is not there.
    """
    ordered: list[str] = []
    waiting = dict(files)
    while waiting:
        coming = {f"{tables.get('code')}.v{tables.get('version')}" for tables in waiting.values()}
        ready = [name for name, tables in waiting.items() if not included_keys(tables) & coming]
        ordered += ready or waiting
        waiting = {n: t for n, t in waiting.items() if ready and n not in ready}
    return ordered


def _naming(name: str, code: str, version: int, taken: bool) -> list[Fault]:
    faults: list[Fault] = []
    expected = f"{code.lower()}.v{version}.toml"
    if name.endswith(".toml") and name.rpartition("/")[2] != expected:
        faults.append(Fault(place="code", sentence=f"this file must be named {expected}"))
    if taken:
        sentence = f"{code} version {version} is published already; a change is a new version"
        faults.append(Fault(place="version", sentence=sentence))
    return faults


def _in_file(name: str, faults: list[Fault]) -> list[Fault]:
    return [fault.in_file(name) for fault in faults]
