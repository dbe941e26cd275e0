"""`validate_50`: how long the check of a declaration of 50 lines takes, sound and with something wrong in every line.

What is timed is all that `saveDeclaration` waits for: from the stored text to the sentences in three languages.
"""

from __future__ import annotations

import time

import msgspec

from benchmarks.result import Result, at_most, percentile
from portnet.domain.declaring.checking import check
from portnet.domain.declaring.form import Form
from portnet.domain.declaring.issue import Facts
from portnet.domain.declaring.sentences import sentence
from tests.support.declaring.published import declaration, facts, form, line

LINES = 50
_LIMIT_MS = 10
_CHECKS = 300
#: The first ones compile patterns and fill caches, as a server does in its first second.
_WARM_UP = 20
_SHARE = 0.99

_decoder = msgspec.json.Decoder(dict[str, str])


async def validate_50() -> list[Result]:
    wrong = {f"goods/lines/{line(n)}/net": "99" for n in range(LINES)}
    dum, known = form("DUM_IMPORT"), facts()
    sound, none = _timed(dum, declaration(LINES), known, issues=0)
    broken, counted = _timed(dum, declaration(LINES, wrong), known, issues=LINES)
    return [
        at_most("validate_50", max(sound, broken), "ms (p99)", _LIMIT_MS, sound=none and counted)
    ]


def _timed(dum: Form, values: dict[str, str], known: Facts, issues: int) -> tuple[float, bool]:
    """The p99 in milliseconds, and whether each check found as many issues as there are."""
    content = msgspec.json.encode(values)
    taken: list[float] = []
    right = True
    for _ in range(_WARM_UP + _CHECKS):
        begun = time.perf_counter()
        found = check(dum, _decoder.decode(content), known)
        said = [sentence(issue) for issue in found]
        taken.append((time.perf_counter() - begun) * 1_000)
        right = right and len(said) == issues
    return percentile(taken[_WARM_UP:], _SHARE), right
