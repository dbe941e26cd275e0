"""A procedure that the catalogue does not have, in two versions, as its author would hand it in."""

from pathlib import Path

CODE = "COLD_STORE_PERMIT"
_FOLDER = Path(__file__).parent


def added_procedure(version: int) -> str:
    """The TOML of ``version`` 1 or 2."""
    return (_FOLDER / f"{CODE.lower()}.v{version}.toml").read_text(encoding="utf-8")
