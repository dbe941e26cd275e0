"""The published procedures, as TOML beside this file: ``<code>.v<version>.toml``.

A file is never edited once published. This module reads them; what they may say is the domain's to
judge.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping, Sequence

from portnet.domain.authored import Fault, FaultyFile
from portnet.domain.catalogue import Action, Agency, Catalogue, Definition
from portnet.domain.catalogue_check import (
    Known,
    check,
    check_actions,
    check_agencies,
    known_to,
)
from portnet.domain.catalogue_file import (
    Fragment,
    fragment_key,
    is_fragment,
    read_actions,
    read_agencies,
    read_definition,
    read_fragment,
)
from portnet.domain.localised import Localised

_ACTIONS = "actions.toml"
_AGENCIES = "agencies.toml"


def load_catalogue(known_alerts: frozenset[str], extra: Sequence[str] = ()) -> Catalogue:
    """The published catalogue, and the definitions or fragments whose TOML texts are in ``extra``.

    Raises:
        FaultyFile: something may not be published; names every fault of every file.
    """
    texts = _published()
    faults: list[Fault] = []
    actions = _actions(texts.pop(_ACTIONS), faults)
    agencies, holders = _agencies(texts.pop(_AGENCIES), faults)
    texts |= {f"extra {number}": text for number, text in enumerate(extra, start=1)}
    fragments = _fragments({n: t for n, t in texts.items() if is_fragment(t)}, faults)
    definitions = _definitions(
        {n: t for n, t in texts.items() if not is_fragment(t)},
        fragments,
        known_to(actions, agencies, holders, known_alerts),
        faults,
    )
    if faults:
        raise FaultyFile(faults)
    return Catalogue(definitions=definitions, actions=actions, agencies=agencies, holders=holders)


def _published() -> dict[str, str]:
    folder = importlib.resources.files(__name__)
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def _actions(text: str, faults: list[Fault]) -> dict[str, Action]:
    own: list[Fault] = []
    actions = read_actions(text, own)
    faults += _in_file(_ACTIONS, [*own, *check_actions(actions)])
    return actions


def _agencies(text: str, faults: list[Fault]) -> tuple[dict[str, Agency], dict[str, Localised]]:
    own: list[Fault] = []
    agencies, holders = read_agencies(text, own)
    faults += _in_file(_AGENCIES, [*own, *check_agencies(agencies, holders)])
    return agencies, holders


def _fragments(texts: Mapping[str, str], faults: list[Fault]) -> dict[str, Fragment]:
    fragments: dict[str, Fragment] = {}
    for name, text in texts.items():
        own: list[Fault] = []
        if fragment := read_fragment(text, own):
            key = fragment_key(fragment.code, fragment.version)
            own += _naming(name, fragment.code, fragment.version, key in fragments)
            fragments.setdefault(key, fragment)
        faults += _in_file(name, own)
    return fragments


def _definitions(
    texts: Mapping[str, str],
    fragments: Mapping[str, Fragment],
    known: Known,
    faults: list[Fault],
) -> dict[tuple[str, int], Definition]:
    definitions: dict[tuple[str, int], Definition] = {}
    for name, text in texts.items():
        own: list[Fault] = []
        if definition := read_definition(text, fragments, own):
            key = (definition.code, definition.version)
            own += _naming(name, *key, key in definitions)
            own += check(definition, known)
            definitions.setdefault(key, definition)
        faults += _in_file(name, own)
    return definitions


def _naming(name: str, code: str, version: int, taken: bool) -> list[Fault]:
    faults: list[Fault] = []
    expected = f"{code.lower()}.v{version}.toml"
    if name.endswith(".toml") and name != expected:
        faults.append(Fault(place="code", sentence=f"this file must be named {expected}"))
    if taken:
        sentence = f"{code} version {version} is published already; a change is a new version"
        faults.append(Fault(place="version", sentence=sentence))
    return faults


def _in_file(name: str, faults: list[Fault]) -> list[Fault]:
    return [fault.in_file(name) for fault in faults]
