"""`python -m benchmarks [name]`: prints a JSON line for each result, progress to stderr."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Mapping

from benchmarks.agency_to_phone import agency_to_phone
from benchmarks.declaring.save_field import save_field
from benchmarks.declaring.tariff_search import tariff_search
from benchmarks.declaring.validate_50 import validate_50
from benchmarks.identity.signin_flood import signin_flood
from benchmarks.indicators import indicators
from benchmarks.intake import intake
from benchmarks.manifest import manifest
from benchmarks.rebuild import rebuild
from benchmarks.resident import resident
from benchmarks.result import Result

BENCHMARKS: Mapping[str, Callable[[], Awaitable[list[Result]]]] = {
    "agency_to_phone": agency_to_phone,
    "indicators": indicators,
    "intake": intake,
    "manifest": manifest,
    "rebuild": rebuild,
    "resident": resident,
    "validate_50": validate_50,
    "tariff_search": tariff_search,
    "save_field": save_field,
    "signin_flood": signin_flood,
}


async def _run(names: list[str]) -> bool:
    met = True
    for name in names:
        for result in await BENCHMARKS[name]():
            print(result.line(), flush=True)
            met = met and result.met
    return met


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=list(BENCHMARKS), help="run one")
    name: str | None = parser.parse_args().name
    met = asyncio.run(_run([name] if name else list(BENCHMARKS)))
    raise SystemExit(0 if met else 1)


if __name__ == "__main__":
    main()
