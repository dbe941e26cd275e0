"""A declaration that is still being written: patches of its fields, and whose changes would be lost by one.

A patch is applied whole or not at all. Pure: what is wrong is `checking`'s to say, who may write the service's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from portnet.domain.agency import Reference
from portnet.domain.declaring.form import FieldType, Form
from portnet.domain.submission import Submission, content_hash

#: The queue of what the house itself tidies: nobody wrote it, so it leaves who wrote a field last as it was.
TIDYING = ""
#: A line's worth of fields is 12; 50 lines are sent in a few patches.
MOST_PATCHES = 200
#: The longest answer of a form is a description of 1,000 characters; this only keeps the absurd out.
LONGEST_VALUE = 4_000
LONGEST_PATH = 200
#: Of the content as JSON: 50 lines of 12 full fields are 60 kB.
LARGEST_CONTENT = 256 * 1024

_values = msgspec.json.Decoder(dict[str, object])


class Patch(msgspec.Struct, frozen=True, kw_only=True):
    """The answer at ``path`` is ``value`` now; None clears it, and of a line's own path all that is in the line."""

    path: str
    value: str | None = None


class Writer(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes, and in which queue of patches: one app's own, in the order in which it made them."""

    user: str
    queue: str


class DraftField(msgspec.Struct, frozen=True, kw_only=True):
    """Who changed a field last, and in which version of the draft; kept of cleared ones too."""

    submission: str
    path: str
    version: int
    by: str
    queue: str
    at: datetime


class DraftSaved(msgspec.Struct, frozen=True, kw_only=True, tag="draft_saved"):
    """Fields of a draft were written, which makes ``version``; the rest of the draft is as it was.

    ``refs`` are what the whole draft is known by now. In the queue `TIDYING` it is the house that wrote, for ``by``.
    """

    submission: str
    version: int
    by: str
    queue: str
    form_version: int
    refs: tuple[Reference, ...]
    patch: tuple[Patch, ...]


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else changed the field after what this writer had read; ``by`` is their user id."""

    path: str
    yours: str | None
    theirs: str | None
    by: str


class PatchFault(msgspec.Struct, frozen=True, kw_only=True):
    """Why a patch cannot be taken: UNKNOWN_FIELD, UNKNOWN, TOO_LONG, TOO_MANY, TOO_LARGE, TWICE."""

    path: str
    code: str


def values_of(content: str) -> dict[str, str]:
    """The answers in a content; what is not text by path is left out."""
    try:
        decoded = _values.decode(content)
    except (msgspec.MsgspecError, RecursionError):
        return {}
    return {path: value for path, value in decoded.items() if isinstance(value, str)}


def content_of(values: Mapping[str, str]) -> str:
    """The one text of these answers: sorted, without spaces, so that equal answers have equal hashes."""
    return msgspec.json.encode(values, order="sorted").decode()


def faults(form: Form, patch: Sequence[Patch]) -> tuple[PatchFault, ...]:
    """What of a patch no draft can hold. An answer that is only wrong is kept: `checking` says so."""
    if len(patch) > MOST_PATCHES:
        return (PatchFault(path="patch", code="TOO_MANY"),)
    found: list[PatchFault] = []
    seen: set[str] = set()
    for item in patch:
        code = _fault(form, item) or ("TWICE" if item.path in seen else None)
        if code is not None:
            found.append(PatchFault(path=item.path[:LONGEST_PATH], code=code))
        seen.add(item.path)
    return tuple(found)


def expanded(values: Mapping[str, str], patch: Iterable[Patch]) -> tuple[Patch, ...]:
    """What the patch changes of ``values``, field by field; nothing of what is so already."""
    changes: dict[str, str | None] = {}
    for item in patch:
        if item.value is not None:
            changes[item.path] = item.value
            continue
        inside = f"{item.path}/"
        changes |= {p: None for p in values if p == item.path or p.startswith(inside)}
    return tuple(
        Patch(path=path, value=value)
        for path, value in changes.items()
        if values.get(path) != value
    )


def conflicts(
    values: Mapping[str, str],
    changes: Sequence[Patch],
    later: Iterable[DraftField],
    writer: Writer,
) -> tuple[Conflict, ...]:
    """Where ``changes`` would undo what ``writer`` has not read.

    Args:
        later: the fields that were written after the version that ``writer`` had read. Their own queue's are no
            conflict: they wrote the one after the other.
    """
    others = {f.path: f for f in later if (f.by, f.queue) != (writer.user, writer.queue)}
    return tuple(
        Conflict(
            path=change.path,
            yours=change.value,
            theirs=values.get(change.path),
            by=others[change.path].by,
        )
        for change in changes
        if change.path in others
    )


def written(draft: Submission, saved: DraftSaved, at: datetime) -> Submission:
    """The draft with what was saved. Who wrote last is its author."""
    values = values_of(draft.content)
    for change in saved.patch:
        if change.value is None:
            values.pop(change.path, None)
        else:
            values[change.path] = change.value
    content = content_of(values)
    return msgspec.structs.replace(
        draft,
        author=saved.by,
        content=content,
        content_hash=content_hash(content),
        refs=saved.refs,
        form_version=saved.form_version,
        version=saved.version,
        updated_at=at,
    )


def stamps(saved: DraftSaved, at: datetime) -> tuple[DraftField, ...]:
    """Who wrote each of the fields that were saved; nobody what was only tidied."""
    if saved.queue == TIDYING:
        return ()
    return tuple(
        DraftField(
            submission=saved.submission,
            path=change.path,
            version=saved.version,
            by=saved.by,
            queue=saved.queue,
            at=at,
        )
        for change in saved.patch
    )


def _fault(form: Form, item: Patch) -> str | None:
    if len(item.path) > LONGEST_PATH:
        return "TOO_LONG"
    if not _storable(item.path):
        return "UNKNOWN_FIELD"
    if item.value is None:
        # Clearing what a newer form does not ask any more is how an old draft gets rid of it.
        return None
    field = form.field_of(item.path)
    # A group has no answer, and a path with `*` is a question's, not an answer's.
    if field is None or field.type is FieldType.GROUP or "*" in item.path:
        return "UNKNOWN_FIELD"
    if not _storable(item.value):
        return "UNKNOWN"
    return "TOO_LONG" if len(item.value) > LONGEST_VALUE else None


def _storable(text: str) -> bool:
    """Whether both engines take it: PostgreSQL's text holds no U+0000, and half a surrogate pair is no text."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
