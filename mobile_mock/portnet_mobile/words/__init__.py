"""The phone's own labels in its three languages; a code unknown here is shown as it is."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

LOCALES: Final = ("fr", "ar", "en")


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """One language's words by group and key."""

    locale: str
    groups: Mapping[str, Mapping[str, str]]

    def __call__(self, group: str, key: str) -> str:
        """The word; for a key that an older app does not know, the key itself."""
        return self.groups[group].get(key, key)


@cache
def words(locale: str) -> Words:
    """The words of a locale; French for any that is not ours."""
    known = locale if locale in LOCALES else LOCALES[0]
    groups = {
        group: {key: translations[known] for key, translations in keys.items()}
        for group, keys in _all().items()
    }
    return Words(locale=known, groups=groups)


def _all() -> dict[str, dict[str, dict[str, str]]]:
    text = files("portnet_mobile").joinpath("words/words.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, dict[str, dict[str, str]]])
