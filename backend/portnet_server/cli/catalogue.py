"""`portnet catalogue`: are the procedures and their forms fit to be published, and what do they look like?

`draw` writes pages and diagrams for people; nothing of ours reads them back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import click

from portnet.catalogue import load_catalogue, published
from portnet.domain.authoring.authored import FaultyFile
from portnet.domain.catalogue import Catalogue
from portnet.domain.declaring.form import Form
from portnet.domain.drawing.diagram import draw as draw_diagram
from portnet.domain.drawing.page import LIST_HEAD, listed, page
from portnet.domain.reference.references import references
from portnet.forms import load_forms
from portnet.reference import load_shipped
from portnet_notifications.catalogue import ALERTS

_PAGES = Path("docs/reference/procedures")
_LIST = "README.md"
#: What stands between these lines of the list's file is ours; the rest is written by hand.
_FROM, _UNTIL = "<!-- the list, by `portnet catalogue draw` -->", "<!-- end of the list -->"


@click.group()
def catalogue() -> None:
    """The procedure definitions."""


@catalogue.command()
def check() -> None:
    """Check every published definition and form; name all faults at once."""
    loaded = _loaded()
    for code, version in sorted(loaded.definitions):
        definition = loaded.definition(code, version)
        open_states = [state for state in definition.states.values() if not state.final]
        click.echo(
            f"{code} v{version}: {len(open_states)} open states, {len(definition.transitions)} transitions"
        )
    for form in _forms(loaded):
        click.echo(f"{form.kind} form v{form.version}: {len(form.fields)} fields")


@catalogue.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=_PAGES,
    show_default=True,
    help="Folder of the pages.",
)
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if a page is stale.")
def draw(folder: Path, only_check: bool) -> None:
    """Write a page and a diagram for each definition, and the list of them all."""
    wanted = _drawn(_loaded(), folder / _LIST)
    if only_check:
        if stale := list(_stale(folder, wanted)):
            raise click.ClickException("run `portnet catalogue draw`:\n" + "\n".join(stale))
        click.echo(f"{len(wanted)} files are as the catalogue has them")
        return
    for path, text in wanted.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    click.echo(f"{len(wanted)} files written to {folder}")


def _loaded() -> Catalogue:
    try:
        return load_catalogue(frozenset(ALERTS))
    except FaultyFile as error:
        raise click.ClickException(str(error)) from None


def _forms(loaded: Catalogue) -> list[Form]:
    kinds = frozenset(code for code, _ in loaded.definitions)
    try:
        forms = load_forms(references(load_shipped(loaded.agencies)), kinds, loaded.documents)
    except FaultyFile as error:
        raise click.ClickException(str(error)) from None
    return [form for _, form in sorted(forms.forms.items())]


def _drawn(loaded: Catalogue, list_file: Path) -> Mapping[str, str]:
    """The texts by path. Pages stand in the same rooms as the files of the catalogue."""
    texts: dict[str, str] = {}
    rows: list[str] = []
    for path in sorted(PurePosixPath(name) for name in published()):
        stem = path.name.removesuffix(".toml")
        code, _, version = stem.rpartition(".v")
        key = (code.upper(), int(version)) if version.isdecimal() else ("", 0)
        if key not in loaded.definitions:
            continue
        definition = loaded.definition(*key)
        diagram = f"diagrams/{stem}.svg"
        texts[f"{path.parent / stem}.md"] = page(definition, loaded, diagram)
        texts[f"{path.parent / diagram}"] = draw_diagram(definition, loaded)
        rows.append(listed(definition, loaded, f"{path.parent / stem}.md"))
    texts[_LIST] = _list(list_file, rows)
    return texts


def _list(file: Path, rows: list[str]) -> str:
    """The list's file with ``rows`` in their place; a plain list where there is no such file."""
    text = (
        file.read_text(encoding="utf-8")
        if file.is_file()
        else f"# Procedures\n\n{_FROM}\n{_UNTIL}\n"
    )
    before, found, rest = text.partition(_FROM)
    _, ended, after = rest.partition(_UNTIL)
    if not found or not ended:
        raise click.ClickException(f"{file} has no lines {_FROM} and {_UNTIL}")
    return "\n".join([before + _FROM, "", *LIST_HEAD, *rows, "", _UNTIL + after])


def _stale(folder: Path, wanted: Mapping[str, str]) -> Iterator[str]:
    for path, text in wanted.items():
        file = folder / path
        if not file.is_file():
            yield f"{file}: is missing"
        elif file.read_text(encoding="utf-8") != text:
            yield f"{file}: is not what the catalogue says"
    drawn = {folder / path for path in wanted}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file not in drawn:
            yield f"{file}: is of no published procedure"
