"""The stories that we ship, as TOML beside this file; users' own files have the same format."""

from __future__ import annotations

import importlib.resources
from collections.abc import Mapping

from portnet.domain.authoring.authored import Fault, FaultyFile
from portnet.domain.authoring.scenario import Scenario, parse_scenario


def shipped() -> Mapping[str, Scenario]:
    """Every shipped story by its code (``S0``).

    Raises:
        FaultyFile: a shipped file is wrong; names every fault of every file.
    """
    stories: dict[str, Scenario] = {}
    faults: list[Fault] = []
    folder = importlib.resources.files(__name__)
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".toml"):
            continue
        try:
            story = parse_scenario(file.read_text(encoding="utf-8"))
        except FaultyFile as wrong:
            faults += [fault.in_file(file.name) for fault in wrong.faults]
        else:
            stories[story.code] = story
    if faults:
        raise FaultyFile(faults)
    return stories
