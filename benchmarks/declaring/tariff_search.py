"""`tariff_search`: what phones type, letter by letter, in a tariff of 20,000 lines, on both engines.

The lines are made once, of words as tariffs use them, and loaded through the import that operators run.
"""

from __future__ import annotations

import hashlib
import time
from itertools import product
from pathlib import Path
from random import Random

from benchmarks.data.archive import FOLDER, say
from benchmarks.data.postgres import postgres_server
from benchmarks.result import Result, at_most, percentile
from portnet.ports.unit_of_work import UnitOfWork
from portnet.reference import load_tariff
from portnet.services.declaring.tariff import Tariff
from portnet.storage.engines import Database, open_database
from portnet.storage.migrate import migrate
from portnet.storage.repositories.declaring.tariff import TariffRepository
from portnet.storage.unit_of_work import StorageUnitOfWork
from portnet_server.system import SystemClock

LINES = 20_000
_LIMIT_MS = 20
_FIRST = 10
_HEADER = "code,fr,ar,en,source,verified"
_NOUNS = (
    ("Tomates", "طماطم", "Tomatoes"), ("Poissons", "أسماك", "Fish"), ("Machines", "آلات", "Machines"),
    ("Appareils", "أجهزة", "Appliances"), ("Huiles", "زيوت", "Oils"), ("Tissus", "أقمشة", "Fabrics"),
    ("Engrais", "أسمدة", "Fertilisers"), ("Barres", "قضبان", "Bars"), ("Parties", "أجزاء", "Parts"),
    ("Préparations", "محضرات", "Preparations"), ("Céréales", "حبوب", "Cereals"), ("Bois", "خشب", "Wood"),
    ("Papiers", "أوراق", "Papers"), ("Fils", "خيوط", "Yarns"), ("Véhicules", "مركبات", "Vehicles"),
    ("Additifs", "إضافات", "Additives"), ("Viandes", "لحوم", "Meat"), ("Pompes", "مضخات", "Pumps"),
)  # fmt: skip
_OF = (
    ("de coton", "من قطن", "of cotton"), ("d'acier", "من فولاذ", "of steel"),
    ("pour animaux", "للحيوانات", "for animals"), ("médicaux", "طبية", "medical"),
    ("pour l'industrie alimentaire", "للصناعة الغذائية", "for the food industry"),
    ("de mer", "بحرية", "of the sea"), ("agricoles", "فلاحية", "agricultural"),
    ("électriques", "كهربائية", "electrical"), ("en plastique", "من لدائن", "of plastics"),
)  # fmt: skip
_STATE = (
    ("frais ou réfrigérés", "طازجة أو مبردة", "fresh or chilled"), ("congelés", "مجمدة", "frozen"),
    ("bruts", "خام", "raw"), ("préparés ou conservés", "محضرة أو محفوظة", "prepared or preserved"),
    ("autres", "غيرها", "other"), ("de 10 kg ou moins", "لا تتعدى 10 كغ", "of 10 kg or less"),
)  # fmt: skip
_TYPED = (
    "tomates fraiches", "huile", "machines pour l'industrie", "appareils médicaux", "طماطم طازجة",
    "الأسماك المجمدة", "additives for animals", "steel bars", "0702001000", "8479.89", "autres",
    "préparés", "zebra", "poissons congelés de mer", "إضافات للحيوانات", "مضخات",
)  # fmt: skip


async def tariff_search() -> list[Result]:
    results = [await _measured("tariff_search", f"sqlite://{(await _data_set()).resolve()}")]
    with postgres_server() as server:
        results.append(await _measured("tariff_search_postgres", server))
    return results


async def _measured(name: str, url: str) -> Result:
    database = open_database(url)
    await database.start()
    try:
        tariff = _tariff(database)
        await migrate(database)
        if len(await tariff.lines()) < LINES:
            await _load(tariff)
        took: list[float] = []
        found = 0
        for text in _typing():
            began = time.perf_counter()
            lines = await tariff.search(text, _FIRST)
            took.append((time.perf_counter() - began) * 1_000)
            found += bool(lines)
    finally:
        await database.stop()
    slowest = percentile(took, 0.99)
    say(
        f"  {name}: {len(took)} searches, median {percentile(took, 0.5):.2f} ms, {found} found something"
    )
    return at_most(name, slowest, "ms", _LIMIT_MS, sound=found > len(took) / 2)


def _typing() -> list[str]:
    """Every beginning of what is typed, as one sees results grow; in a fixed disorder, three times."""
    texts = [text[:typed] for text in _TYPED for typed in range(1, len(text) + 1)] * 3
    Random(1).shuffle(texts)
    return texts


def _tariff(database: Database) -> Tariff:
    def units() -> UnitOfWork:
        return StorageUnitOfWork(database)

    repository = TariffRepository(database)
    return Tariff(load_tariff(), repository, repository, units, SystemClock())


async def _data_set() -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    sources = sorted(Path("backend/portnet/storage/migrations").glob("*.py"))
    letters = Path("backend/portnet/domain/reference/letters.py")
    content = b"".join(path.read_bytes() for path in (*sources, letters, Path(__file__)))
    path = FOLDER / f"tariff-{hashlib.sha256(content).hexdigest()[:12]}.sqlite"
    if not path.exists():
        for old in FOLDER.glob("tariff-*"):
            old.unlink()
        making = path.with_suffix(".making")
        database = open_database(f"sqlite://{making.resolve()}")
        await database.start()
        try:
            await migrate(database)
            await _load(_tariff(database))
        finally:
            await database.stop()
        making.rename(path)
    return path


async def _load(tariff: Tariff) -> None:
    say(f"importing {LINES:,} tariff lines, once ...")
    began = time.perf_counter()
    await tariff.import_file("console:benchmark", _file(), {})
    say(f"  in {time.perf_counter() - began:.1f} s")


def _file() -> bytes:
    lines = [_HEADER]
    names = list(product(_NOUNS, _OF, _STATE))
    random = Random(2)
    for number in range(LINES):
        noun, of, state = random.choice(names)
        code = f"{1 + number % 97:02}{number:08}"
        fr, ar, en = (f"{a} {b}, {c}, n{number}" for a, b, c in zip(noun, of, state, strict=True))
        lines.append(f'{code},"{fr}","{ar}","{en}",made up,false')
    return "\n".join(lines).encode()
