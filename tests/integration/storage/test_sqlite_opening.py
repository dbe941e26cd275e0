"""A SQLite file that several open at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from portnet.storage.engines.sqlite_hops import SQLiteSettings, connect_writer


def test_threads_that_open_a_new_file_at_once_all_get_in(tmp_path: Path) -> None:
    together = threading.Barrier(6)

    def enter(path: Path) -> None:
        together.wait()
        connect_writer(path, SQLiteSettings()).close()

    with ThreadPoolExecutor(6) as threads:
        for number in range(25):
            list(threads.map(enter, [tmp_path / f"{number}.sqlite"] * 6))
