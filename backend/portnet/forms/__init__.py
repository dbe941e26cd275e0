"""The published forms, as TOML beside this file: loaded and checked at start.

``parts/`` holds fields that several forms share, ``lists/`` what is chosen from. A published version never changes: a
change is a new file with the next version, and new versions of the parts that it changes.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Collection, Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable

from portnet.domain.authoring.authored import Fault, FaultyFile, read_toml
from portnet.domain.authoring.form_check import Known, check, check_lists
from portnet.domain.authoring.form_file import Parts, read_form, read_lists, read_part
from portnet.domain.declaring.form import Form, Forms, Option
from portnet.domain.reference.references import Listed, References
from portnet.forms.lists import standard_lists

_PARTS, _LISTS = "parts/", "lists/"

_Files = Mapping[str, Mapping[str, object]]


def load_forms(
    tables: References,
    kinds: Collection[str],
    documents: Collection[str],
    extra: Sequence[str] = (),
) -> Forms:
    """The published forms, and those whose TOML texts are in ``extra``; ``tables`` say what offices, regimes, banks and
    places may be chosen, ``kinds`` and ``documents`` are the catalogue's codes.

    Raises:
        FaultyFile: something may not be published; names every fault of every file.
    """
    faults: list[Fault] = []
    added = {f"extra {number}": text for number, text in enumerate(extra, start=1)}
    files = _parsed({**published(), **added}, faults)
    lists = {**standard_lists(), **reference_lists(tables), **_own_lists(files, faults)}
    parts = _parts(files, faults)
    known = Known(kinds=frozenset(kinds), documents=frozenset(documents))
    forms: dict[tuple[str, int], Form] = {}
    for name, raw in files.items():
        if name.startswith((_PARTS, _LISTS)):
            continue
        own: list[Fault] = []
        if form := read_form(raw, parts, lists, own):
            key = (form.kind, form.version)
            own += [*_naming(name, form, key in forms), *check(form, known)]
            forms.setdefault(key, form)
        faults += _in_file(name, own)
    if faults:
        raise FaultyFile(faults)
    return Forms(forms=forms)


def published() -> dict[str, str]:
    """The files' texts by their path from here: ``parts/goods.v1.toml``."""
    return dict(_walk(importlib.resources.files(__name__), ""))


def reference_lists(tables: References) -> dict[str, tuple[Option, ...]]:
    """What the reference tables offer, by code; numbered customs offices only."""
    bureaus = {o.bureau: o.label for o in tables.offices.values() if o.bureau}
    places = {place.code: place.label for place in tables.places.values()}
    return {
        "bureaus": tuple(Option(value=code, label=label) for code, label in bureaus.items()),
        "places": tuple(Option(value=code, label=label) for code, label in places.items()),
        "regimes": _listed(tables.regimes),
        "banks": _listed(tables.banks),
    }


def _listed(rows: Mapping[str, Listed]) -> tuple[Option, ...]:
    return tuple(Option(value=row.code, label=row.label) for row in rows.values())


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


def _own_lists(files: _Files, faults: list[Fault]) -> dict[str, tuple[Option, ...]]:
    lists: dict[str, tuple[Option, ...]] = {}
    for name, raw in files.items():
        if name.startswith(_LISTS):
            own: list[Fault] = []
            lists |= read_lists(raw, own)
            faults += _in_file(name, [*own, *check_lists(lists)])
    return lists


def _parts(files: _Files, faults: list[Fault]) -> Parts:
    parts: dict[str, list[Mapping[str, object]]] = {}
    for name, raw in files.items():
        if name.startswith(_PARTS):
            own: list[Fault] = []
            parts[name.removeprefix(_PARTS).removesuffix(".toml")] = read_part(raw, own)
            faults += _in_file(name, own)
    return parts


def _naming(name: str, form: Form, taken: bool) -> list[Fault]:
    faults: list[Fault] = []
    expected = f"{form.kind.lower()}.v{form.version}.toml"
    if name.endswith(".toml") and name != expected:
        faults.append(Fault(place="kind", sentence=f"this file must be named {expected}"))
    if taken:
        sentence = (
            f"{form.kind} version {form.version} is published already; a change is a new version"
        )
        faults.append(Fault(place="version", sentence=sentence))
    return faults


def _in_file(name: str, faults: list[Fault]) -> list[Fault]:
    return [fault.in_file(name) for fault in faults]
