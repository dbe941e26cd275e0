"""What leaves of a draft: the answers that are asked for, in one spelling.

It is written into the draft before anybody approves or sends it, so that what was seen, approved and sent is the same.
"""

from __future__ import annotations

from portnet.domain.declaring.drafting import TIDYING, DraftSaved, Patch, values_of
from portnet.domain.declaring.form import Form
from portnet.domain.declaring.reading import answered, references_of
from portnet.domain.submission import Submission


def leaving(form: Form, draft: Submission) -> DraftSaved | None:
    """What has to be written into ``draft`` before it leaves, in its author's name; None when it is as it leaves."""
    values = values_of(draft.content)
    proper = answered(form, values)
    if proper == values:
        return None
    paths = sorted({*values, *proper})
    return DraftSaved(
        submission=draft.id,
        version=draft.version + 1,
        by=draft.author,
        queue=TIDYING,
        form_version=draft.form_version,
        refs=references_of(form, proper),
        patch=tuple(
            Patch(path=path, value=proper.get(path))
            for path in paths
            if values.get(path) != proper.get(path)
        ),
    )
