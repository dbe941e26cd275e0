"""The settings of every process, and the only place that reads the environment.

All faults are named at once. No secret may show: not in an error, in ``repr`` or in ``describe``.
"""

from __future__ import annotations

import difflib
import enum
import re
import shlex
import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

_PREFIX = "PORTNET_"
#: Variables of our own tests, which the processes do not read.
_TEST_PREFIX = "PORTNET_TEST_"
_SHORTEST_SECRET = 32
_SQLITE = "sqlite:///"

_Choice = TypeVar("_Choice", bound=enum.Enum)


class Mode(enum.Enum):
    """DEMO and DEVELOPMENT make their own secret and accept free-text documents."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    DEMO = "demo"


class Documents(enum.Enum):
    """Which GraphQL documents run: any under limits, or only those of the manifest."""

    OPEN = "open"
    TRUSTED = "trusted"


class LogLevel(enum.Enum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class SqliteSynchronous(enum.Enum):
    FULL = "FULL"
    NORMAL = "NORMAL"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting; ``variable_of`` gives the environment variable of a field."""

    mode: Mode
    host: str
    port: int
    public_url: str
    data_dir: Path
    #: Papers that people send: those that come, and whole ones.
    attachments_dir: Path
    #: What a paper's file is handed to, its path last; empty where there is no scanner.
    scanner_command: tuple[str, ...]
    database_url: str
    sqlite_synchronous: SqliteSynchronous
    postgres_pool: int
    redis_url: str | None
    #: None only outside production: the caller makes one in ``data_dir``.
    secret: bytes | None
    #: Secrets before a rotation: what they signed and sealed is still read.
    previous_secrets: tuple[bytes, ...]
    access_token_minutes: int
    session_days: int
    documents: Documents
    inbox_body_limit: int
    workers_concurrency: int
    #: (source, address) of each agency system that takes what companies send.
    gateway_urls: tuple[tuple[str, str], ...]
    #: The same for sandbox companies: nothing of theirs may reach a real system.
    sandbox_gateway_urls: tuple[tuple[str, str], ...]
    push_urls: tuple[str, ...]
    sms_urls: tuple[str, ...]
    log_level: LogLevel

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, or None on PostgreSQL."""
        if not self.database_url.startswith(_SQLITE):
            return None
        return Path(self.database_url.removeprefix(_SQLITE))

    @property
    def access_token_lifetime(self) -> timedelta:
        return timedelta(minutes=self.access_token_minutes)

    @property
    def session_lifetime(self) -> timedelta:
        return timedelta(days=self.session_days)

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={text}' for name, text in describe(self).items())})"


def variable_of(field: str) -> str:
    """The environment variable of a field of Config."""
    # Hosting platforms set PORT, so it goes without our prefix.
    return "PORT" if field == "port" else _PREFIX + field.upper()


#: Every variable that is read.
SETTINGS = tuple(variable_of(field) for field in Config.__struct_fields__)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One variable, what is wrong with it, and what would be right."""

    variable: str
    problem: str
    accepted: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.problem}; accepted: {self.accepted}"


class ConfigurationError(Exception):
    """The environment cannot be used; its text names every fault, one on a line."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


def read_config(environ: Mapping[str, str]) -> Config:
    """The settings in ``environ``; an empty variable counts as unset.

    Raises:
        ConfigurationError: at least one variable is wrong, missing or unknown.
    """
    read = _Reader(environ)
    mode = read.choice("PORTNET_MODE", Mode, Mode.PRODUCTION)
    # A mode that is misspelt says nothing about what production needs.
    in_production = mode is Mode.PRODUCTION and not read.faults
    host = read.host("PORTNET_HOST", "127.0.0.1")
    port = read.number("PORT", 8000, 1, 65_535)
    data_dir = Path(read.text("PORTNET_DATA_DIR") or "var")
    config = Config(
        mode=mode,
        host=host,
        port=port,
        public_url=read.public_url("PORTNET_PUBLIC_URL") or f"http://{_in_url(host)}:{port}",
        data_dir=data_dir,
        attachments_dir=Path(read.text("PORTNET_ATTACHMENTS_DIR") or data_dir / "attachments"),
        scanner_command=read.command("PORTNET_SCANNER_COMMAND"),
        database_url=read.database_url("PORTNET_DATABASE_URL")
        or f"{_SQLITE}{data_dir / 'portnet.sqlite'}",
        sqlite_synchronous=read.choice(
            "PORTNET_SQLITE_SYNCHRONOUS", SqliteSynchronous, SqliteSynchronous.FULL
        ),
        postgres_pool=read.number("PORTNET_POSTGRES_POOL", 10, 1, 200),
        redis_url=read.redis_url("PORTNET_REDIS_URL"),
        secret=read.secret("PORTNET_SECRET", required=in_production),
        previous_secrets=read.secrets("PORTNET_PREVIOUS_SECRETS"),
        access_token_minutes=read.number("PORTNET_ACCESS_TOKEN_MINUTES", 10, 1, 10),
        session_days=read.number("PORTNET_SESSION_DAYS", 30, 1, 365),
        documents=read.choice(
            "PORTNET_DOCUMENTS",
            Documents,
            Documents.TRUSTED if in_production else Documents.OPEN,
        ),
        inbox_body_limit=read.number("PORTNET_INBOX_BODY_LIMIT", 262_144, 1_024, 16_777_216),
        workers_concurrency=read.number("PORTNET_WORKERS_CONCURRENCY", 8, 1, 64),
        gateway_urls=read.systems("PORTNET_GATEWAY_URLS"),
        sandbox_gateway_urls=read.systems("PORTNET_SANDBOX_GATEWAY_URLS"),
        push_urls=read.apprise_urls("PORTNET_PUSH_URLS"),
        sms_urls=read.apprise_urls("PORTNET_SMS_URLS"),
        log_level=read.choice("PORTNET_LOG_LEVEL", LogLevel, LogLevel.INFO),
    )
    contradictions = _contradictions(config, environ) if in_production else []
    faults = (*read.faults, *contradictions, *_unknown(environ))
    if faults:
        raise ConfigurationError(faults)
    return config


def describe(config: Config) -> dict[str, str]:
    """Every variable with its value in force, fit to be shown: secrets are masked."""
    return {variable_of(field): _shown(field, config) for field in Config.__struct_fields__}


class _Reader:
    """Reads one variable at a time; notes a fault and goes on with the default."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[Fault] = []

    def text(self, variable: str) -> str | None:
        return self._environ.get(variable, "").strip() or None

    def number(self, variable: str, default: int, least: int, most: int) -> int:
        text = self.text(variable)
        if text is None:
            return default
        accepted = f"a whole number from {least} to {most}"
        # int() would take other alphabets' digits, signs, underscores and numbers of any length.
        if not re.fullmatch(r"[0-9]{1,9}", text):
            self._fault(variable, f"{_quoted(text)} is not a whole number", accepted)
            return default
        if not least <= int(text) <= most:
            self._fault(variable, f"{_quoted(text)} is out of range", accepted)
            return default
        return int(text)

    def choice(self, variable: str, kind: type[_Choice], default: _Choice) -> _Choice:
        text = self.text(variable)
        if text is None:
            return default
        values = {str(member.value).lower(): member for member in kind}
        found = values.get(text.lower())
        if found is None:
            accepted = ", ".join(str(member.value) for member in kind)
            self._fault(variable, f"{_quoted(text)} is unknown", accepted)
            return default
        return found

    def host(self, variable: str, default: str) -> str:
        text = self.text(variable) or default
        if not re.fullmatch(r"[A-Za-z0-9._:-]{1,253}", text):
            self._fault(variable, f"{_quoted(text)} is no host", "a host name or an IP address")
            return default
        return text

    def command(self, variable: str) -> tuple[str, ...]:
        text = self.text(variable) or ""
        accepted = "a program and its arguments, as a shell would part them"
        try:
            words = tuple(shlex.split(text))
        except ValueError as error:
            self._fault(variable, f"cannot be read: {error}", accepted)
            return ()
        if words and shutil.which(words[0]) is None:
            self._fault(variable, f"{_quoted(words[0])} is no program here", accepted)
        return words

    def secret(self, variable: str, *, required: bool) -> bytes | None:
        text = self.text(variable)
        if text is None:
            if required:
                self._fault(variable, "is required in production", _SECRET_ACCEPTED)
            return None
        if len(text.split()) > 1:
            self._fault(variable, "has white space inside", _SECRET_ACCEPTED)
            return None
        return next(iter(self.secrets(variable)), None)

    def secrets(self, variable: str) -> tuple[bytes, ...]:
        # What is no UTF-8 reaches us as surrogates, which stand for the bytes that were set.
        words = (self.text(variable) or "").split()
        found = tuple(word.encode("utf-8", "surrogateescape") for word in words)
        if any(len(secret) < _SHORTEST_SECRET for secret in found):
            self._fault(variable, "is too short", _SECRET_ACCEPTED)
        return found

    def public_url(self, variable: str) -> str | None:
        text = self.text(variable)
        if text is None:
            return None
        if not _is_public_url(text):
            accepted = "http(s)://host[:port][/path], without user, query or fragment"
            self._fault(variable, "is not a public address", accepted)
            return None
        return text.rstrip("/")

    def database_url(self, variable: str) -> str | None:
        text = self.text(variable)
        if text is None or _is_sqlite_file(text) or _is_url(text, "postgresql"):
            return text
        # Never quoted: a password may stand in it.
        accepted = "sqlite:///<file> or postgresql://<user>:<password>@<host>/<database>"
        self._fault(variable, "is not a database address", accepted)
        return None

    def redis_url(self, variable: str) -> str | None:
        text = self.text(variable)
        if text is None or _is_url(text, "redis", "rediss"):
            return text
        self._fault(variable, "is not a Redis address", "redis://… or rediss://…")
        return None

    def apprise_urls(self, variable: str) -> tuple[str, ...]:
        # An Apprise URL may hold commas itself: a comma parts two only where a scheme follows.
        text = self.text(variable)
        urls = re.split(r"[\s,]+(?=[a-z][a-z0-9+.-]*://)", text) if text else []
        urls = [url.strip(" \t\r\n,") for url in urls]
        for place, url in enumerate(urls, start=1):
            if not re.fullmatch(r"[a-z][a-z0-9+.-]*://\S+", url):
                accepted = "Apprise URLs, parted by commas or white space"
                self._fault(variable, f"entry {place} is not a URL", accepted)
        return tuple(urls)

    def systems(self, variable: str) -> tuple[tuple[str, str], ...]:
        found: dict[str, str] = {}
        accepted = "<source>=http(s)://host[:port][/path], each source once, parted by white space"
        for place, entry in enumerate((self.text(variable) or "").split(), start=1):
            source, _, url = entry.partition("=")
            if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,39}", source) or not _is_public_url(url):
                self._fault(variable, f"entry {place} is not a source and its address", accepted)
            elif source in found:
                self._fault(variable, f"{source} is named twice", accepted)
            else:
                found[source] = url.rstrip("/")
        return tuple(found.items())

    def _fault(self, variable: str, problem: str, accepted: str) -> None:
        self.faults.append(Fault(variable=variable, problem=problem, accepted=accepted))


_SECRET_ACCEPTED = f"at least {_SHORTEST_SECRET} bytes without white space"


def _contradictions(config: Config, environ: Mapping[str, str]) -> list[Fault]:
    """What production refuses together with another setting."""
    faults: list[Fault] = []
    if config.documents is Documents.OPEN:
        faults.append(
            Fault(
                variable="PORTNET_DOCUMENTS",
                problem="free-text documents are never open in production",
                accepted="trusted",
            )
        )
    if config.sms_urls and not environ.get("PORTNET_PUBLIC_URL", "").strip():
        faults.append(
            Fault(
                variable="PORTNET_PUBLIC_URL",
                problem="is required in production with PORTNET_SMS_URLS: messages link to it",
                accepted="the https:// address that phones reach",
            )
        )
    return faults


def _unknown(environ: Mapping[str, str]) -> list[Fault]:
    return [
        Fault(variable=name, problem="is unknown", accepted=_nearest(name))
        for name in sorted(environ)
        if name.startswith(_PREFIX) and not name.startswith(_TEST_PREFIX) and name not in SETTINGS
    ]


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, SETTINGS, n=1, cutoff=0.7)
    return (
        f"{near[0]}, if that was meant" if near else "the variables of docs/reference/settings.md"
    )


def _is_sqlite_file(text: str) -> bool:
    # A database in memory is refused: the readers and the worker must all see the same one.
    path = text.removeprefix(_SQLITE)
    return path != text and bool(path.strip("/")) and path != ":memory:" and "?" not in path


def _is_url(text: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_public_url(text: str) -> bool:
    return _is_url(text, "http", "https") and not re.search(r"[@?#\s]", text)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _shown(field: str, config: Config) -> str:
    value: object = getattr(config, field)
    if value is None or value == ():
        return "(not set)"
    if field in ("secret", "previous_secrets"):
        return "(set)"
    if field in ("gateway_urls", "sandbox_gateway_urls"):
        systems = config.gateway_urls if field == "gateway_urls" else config.sandbox_gateway_urls
        return " ".join(f"{source}={url}" for source, url in systems)
    if field == "scanner_command":
        return shlex.join(config.scanner_command)
    if isinstance(value, tuple):
        return _schemes(config.push_urls if field == "push_urls" else config.sms_urls)
    if field in ("database_url", "redis_url"):
        return _masked(str(value))
    return str(value.value if isinstance(value, enum.Enum) else value)


def _schemes(urls: tuple[str, ...]) -> str:
    # Every part of an Apprise URL but its scheme may be a token.
    return ", ".join(f"{url.partition('://')[0]}://***" for url in urls) or "(not set)"


def _masked(url: str) -> str:
    # To the last @: a password may hold one itself.
    without_user = re.sub(r"//.*@", "//***@", url)
    return re.sub(r"[?#].*", "?***", without_user)
