"""The indicators that we publish, as TOML beside this file; what one measures is said there and nowhere else."""

from __future__ import annotations

import importlib.resources

from portnet.domain.authoring.authored import FaultyFile
from portnet.domain.indicators.definition import Indicator, read_indicators

_FILE = "indicators.toml"


def load_indicators() -> tuple[Indicator, ...]:
    """In the order in which they are shown.

    Raises:
        FaultyFile: the file is wrong; names every fault.
    """
    text = importlib.resources.files(__name__).joinpath(_FILE).read_text(encoding="utf-8")
    try:
        return read_indicators(text)
    except FaultyFile as wrong:
        raise FaultyFile(fault.in_file(_FILE) for fault in wrong.faults) from None
