"""Which database a URL means."""

from pathlib import Path

import pytest

from portnet.storage.engines import open_database
from portnet.storage.engines.sqlite import SQLiteDatabase


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/lib/portnet.sqlite", "/var/lib/portnet.sqlite"),
        ("sqlite:portnet.sqlite", "portnet.sqlite"),
        ("sqlite:///a%20b.sqlite", "/a b.sqlite"),
    ],
)
def test_a_sqlite_url_names_a_file(url: str, path: str) -> None:
    database = open_database(url)
    assert isinstance(database, SQLiteDatabase)
    assert database.path == Path(path)
    assert database.dialect.name == "sqlite"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_postgresql_url_names_a_server(scheme: str) -> None:
    assert open_database(f"{scheme}://portnet@db/portnet").dialect.name == "postgres"


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite://host/x", "mysql://root:secret@h/x"])
def test_another_url_is_refused_without_repeating_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="a database URL reads") as refusal:
        open_database(url)
    assert "secret" not in str(refusal.value)
