"""Says everything that is wrong with a declaration's answers, all at once, each with the path of its field.

It decides nothing and changes nothing: what it needs to know from outside comes in as facts. It never raises.
"""

from __future__ import annotations

from collections.abc import Mapping

from portnet.domain.declaring.form import Form
from portnet.domain.declaring.issue import Facts, Issue


def check(form: Form, values: Mapping[str, str], facts: Facts) -> tuple[Issue, ...]:
    """The issues of ``values``, in the order of the form; the same whether or not the values were tidied before."""
    return ()
