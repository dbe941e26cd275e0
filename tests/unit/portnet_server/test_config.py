"""Settings: defaults, every fault at once, nothing secret shown, all of them documented."""

from __future__ import annotations

import contextlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portnet_server.config import (
    SETTINGS,
    Config,
    ConfigurationError,
    Documents,
    LogLevel,
    Mode,
    SqliteSynchronous,
    describe,
    read_config,
)

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"
SECRET = "s3cret-of-at-least-thirty-two-bytes"
DEVELOPMENT = {"PORTNET_MODE": "development"}
PRODUCTION = {"PORTNET_SECRET": SECRET}


def faults(environ: dict[str, str]) -> dict[str, str]:
    """The problems that `read_config` names, by variable."""
    with pytest.raises(ConfigurationError) as refused:
        read_config(environ)
    found = {fault.variable: fault.problem for fault in refused.value.faults}
    assert len(found) == len(refused.value.faults), "one variable was named twice"
    return found


def problems(**variables: str) -> dict[str, str]:
    named = {f"PORTNET_{name}": value for name, value in variables.items()}
    return faults({**DEVELOPMENT, **named})


def development(**variables: str) -> Config:
    return read_config(
        {**DEVELOPMENT, **{f"PORTNET_{name}": value for name, value in variables.items()}}
    )


def test_production_needs_a_secret_and_nothing_else() -> None:
    assert faults({}) == {"PORTNET_SECRET": "is required in production"}
    config = read_config(PRODUCTION)
    assert config.mode is Mode.PRODUCTION
    assert config.secret == SECRET.encode()


@pytest.mark.parametrize("mode", ["demo", "development", "DEMO"])
def test_demo_and_development_leave_the_secret_to_the_caller(mode: str) -> None:
    assert read_config({"PORTNET_MODE": mode}).secret is None


def test_the_defaults_are_those_of_one_small_machine() -> None:
    config = read_config(DEVELOPMENT)
    assert (config.host, config.port, config.public_url) == (
        "127.0.0.1",
        8000,
        "http://127.0.0.1:8000",
    )
    assert config.sqlite_path == Path("var/portnet.sqlite")
    assert config.sqlite_synchronous is SqliteSynchronous.FULL
    assert config.redis_url is None
    assert config.access_token_lifetime == timedelta(minutes=10)
    assert config.session_lifetime == timedelta(days=30)
    assert config.inbox_body_limit == 256 * 1024
    assert config.log_level is LogLevel.INFO


def test_an_empty_variable_counts_as_unset() -> None:
    blank = dict.fromkeys(SETTINGS, "  ")
    assert read_config({**blank, **DEVELOPMENT}) == read_config(DEVELOPMENT)


def test_the_database_follows_the_data_directory() -> None:
    assert development(DATA_DIR="/srv/portnet").sqlite_path == Path("/srv/portnet/portnet.sqlite")


def test_the_public_address_follows_host_and_port() -> None:
    config = read_config({**DEVELOPMENT, "PORTNET_HOST": "::1", "PORT": "9000"})
    assert config.public_url == "http://[::1]:9000"


def test_postgresql_has_no_file() -> None:
    config = development(DATABASE_URL="postgresql://portnet@db/portnet")
    assert config.sqlite_path is None


@pytest.mark.parametrize(
    ("mode", "documents"),
    [
        ("production", Documents.TRUSTED),
        ("development", Documents.OPEN),
        ("demo", Documents.OPEN),
    ],
)
def test_production_trusts_listed_documents_only(mode: str, documents: Documents) -> None:
    assert read_config({**PRODUCTION, "PORTNET_MODE": mode}).documents is documents


def test_free_text_documents_are_refused_in_production() -> None:
    assert "PORTNET_DOCUMENTS" in faults({**PRODUCTION, "PORTNET_DOCUMENTS": "open"})


def test_production_with_sms_needs_an_address_for_the_links() -> None:
    sms = {**PRODUCTION, "PORTNET_SMS_URLS": "sms://gateway"}
    assert list(faults(sms)) == ["PORTNET_PUBLIC_URL"]
    config = read_config({**sms, "PORTNET_PUBLIC_URL": "https://m.portnet.ma/"})
    assert config.public_url == "https://m.portnet.ma"


def test_every_fault_is_named_at_once() -> None:
    named = faults(
        {
            "PORT": "eighty",
            "PORTNET_HOST": "not a host",
            "PORTNET_SECRET": "short",
            "PORTNET_PREVIOUS_SECRETS": "short",
            "PORTNET_PUBLIC_URL": "portnet.ma",
            "PORTNET_SCANNER_COMMAND": "no-such-scanner",
            "PORTNET_DATABASE_URL": "mysql://db/portnet",
            "PORTNET_SQLITE_SYNCHRONOUS": "OFF",
            "PORTNET_POSTGRES_POOL": "0",
            "PORTNET_REDIS_URL": "localhost",
            "PORTNET_ACCESS_TOKEN_MINUTES": "11",
            "PORTNET_SESSION_DAYS": "-1",
            "PORTNET_DOCUMENTS": "some",
            "PORTNET_INBOX_BODY_LIMIT": "1",
            "PORTNET_WORKERS_CONCURRENCY": "many",
            "PORTNET_GATEWAY_URLS": "BADR",
            "PORTNET_SANDBOX_GATEWAY_URLS": "BADR=http://a BADR=http://b",
            "PORTNET_PUSH_URLS": "gateway",
            "PORTNET_SMS_URLS": "sms://a, b c",
            "PORTNET_LOG_LEVEL": "LOUD",
            "PORTNET_COLOUR": "blue",
        }
    )
    folders = {"PORTNET_DATA_DIR", "PORTNET_ATTACHMENTS_DIR"}
    assert named.keys() == {*SETTINGS, "PORTNET_COLOUR"} - {"PORTNET_MODE"} - folders


def test_a_scanner_is_a_program_that_is_there_with_its_arguments() -> None:
    known = read_config({**DEVELOPMENT, "PORTNET_SCANNER_COMMAND": "true --flag 'two words'"})
    assert known.scanner_command == ("true", "--flag", "two words")
    for command in ("no-such-scanner --fast", "true 'unended"):
        assert list(faults({**DEVELOPMENT, "PORTNET_SCANNER_COMMAND": command})) == [
            "PORTNET_SCANNER_COMMAND"
        ]


def test_a_fault_says_what_is_wrong_and_what_is_accepted() -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_config({**DEVELOPMENT, "PORTNET_SESSION_DAYS": "400", "PORT": "x"})
    assert str(refused.value) == (
        "PORT: 'x' is not a whole number; accepted: a whole number from 1 to 65535\n"
        "PORTNET_SESSION_DAYS: '400' is out of range; accepted: a whole number from 1 to 365"
    )


def test_a_misspelt_mode_is_the_only_fault() -> None:
    assert list(faults({"PORTNET_MODE": "deom", "PORTNET_DOCUMENTS": "open"})) == ["PORTNET_MODE"]


@pytest.mark.parametrize("number", ["", "١٢", "1_0", "+5", "1.0", "1" + "0" * 5000, "²"])
def test_only_plain_digits_are_numbers(number: str) -> None:
    environ = {**DEVELOPMENT, "PORTNET_SESSION_DAYS": number}
    if number:
        assert list(faults(environ)) == ["PORTNET_SESSION_DAYS"]
    else:
        assert read_config(environ).session_days == 30


def test_a_typing_mistake_is_a_fault_with_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match=r"PORTNET_SECRT.*PORTNET_SECRET, if"):
        read_config({**DEVELOPMENT, "PORTNET_SECRT": SECRET})
    assert "PORTNET_PORT" in problems(PORT="8000")


def test_the_tests_own_variables_and_other_programs_are_left_alone() -> None:
    others = {"PORTNET_TEST_POSTGRES": "x", "HOME": "/root", "PORTNETS": "x"}
    assert read_config({**DEVELOPMENT, **others}) == read_config(DEVELOPMENT)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///x?mode=memory",
        "postgres://db/x",
        "postgresql:///x",
        "postgresql://db:port/x",
        "postgresql://[::1/x",
        "var/portnet.sqlite",
    ],
)
def test_what_is_no_shared_database_is_refused(url: str) -> None:
    assert list(problems(DATABASE_URL=url)) == ["PORTNET_DATABASE_URL"]


@pytest.mark.parametrize(
    "url", ["portnet.ma", "ftp://portnet.ma", "https://", "https://u:p@portnet.ma", "https://a/?x"]
)
def test_what_phones_cannot_reach_is_no_public_address(url: str) -> None:
    assert list(problems(PUBLIC_URL=url)) == ["PORTNET_PUBLIC_URL"]


@pytest.mark.parametrize(
    "text",
    [
        "fcm://a/b,c https://d",
        "fcm://a/b,c,https://d",
        "fcm://a/b,c,\n  https://d,",
        " fcm://a/b,c , https://d ",
    ],
)
def test_gateways_are_parted_by_commas_or_white_space(text: str) -> None:
    assert development(PUSH_URLS=text).push_urls == ("fcm://a/b,c", "https://d")


def test_secrets_are_kept_byte_for_byte() -> None:
    raw = b"\xff" * 32
    config = development(SECRET=raw.decode("utf-8", "surrogateescape"))
    assert config.secret == raw


def test_previous_secrets_are_parted_by_white_space() -> None:
    first, second = "a" * 32, "b" * 40
    config = development(PREVIOUS_SECRETS=f"{first} \n{second}")
    assert config.previous_secrets == (first.encode(), second.encode())


def test_a_secret_holds_no_white_space() -> None:
    assert problems(SECRET=f"{SECRET} {SECRET}") == {"PORTNET_SECRET": "has white space inside"}


HIDDEN = "hunter2hunter2hunter2hunter2hunter2"


@pytest.mark.parametrize(
    "variables",
    [
        {"SECRET": HIDDEN},
        {"PREVIOUS_SECRETS": HIDDEN},
        {"DATABASE_URL": f"postgresql://portnet:{HIDDEN}@db/portnet"},
        {"DATABASE_URL": f"postgresql://portnet:a@{HIDDEN}@db/portnet"},
        {"DATABASE_URL": f"postgresql://db/portnet?password={HIDDEN}"},
        {"REDIS_URL": f"redis://:{HIDDEN}@cache:6379/0"},
        {"PUSH_URLS": f"fcm://{HIDDEN}/key"},
        {"SMS_URLS": f"sms://user:{HIDDEN}@gateway?key={HIDDEN}"},
    ],
)
def test_no_secret_is_shown(variables: dict[str, str]) -> None:
    config = development(**variables)
    assert HIDDEN not in repr(config)
    assert HIDDEN not in str(config)
    assert HIDDEN not in str(describe(config))


@pytest.mark.parametrize(
    "variables",
    [
        {"SECRET": "hunter2"},
        {"SECRET": "hunter2 " * 9},
        {"PREVIOUS_SECRETS": "hunter2"},
        {"DATABASE_URL": "postgres://u:hunter2@db/x"},
        {"REDIS_URL": "http://:hunter2@cache"},
        {"PUSH_URLS": "hunter2"},
        {"SMS_URLS": "hunter2"},
        {"PUBLIC_URL": "https://u:hunter2@portnet.ma"},
        {"SECRT": "hunter2"},
    ],
)
def test_no_fault_shows_a_secret(variables: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        development(**variables)
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(refused.value)


def test_what_is_shown_is_enough_to_find_a_mistake() -> None:
    shown = describe(
        development(
            DATABASE_URL="postgresql://u:p@db:5432/portnet?ssl=on",
            REDIS_URL="redis://:p@cache:6379/0",
            PUSH_URLS="fcm://a https://b",
            SECRET=SECRET,
            PREVIOUS_SECRETS=SECRET,
        )
    )
    assert shown["PORTNET_DATABASE_URL"] == "postgresql://***@db:5432/portnet?***"
    assert shown["PORTNET_REDIS_URL"] == "redis://***@cache:6379/0"
    assert shown["PORTNET_PUSH_URLS"] == "fcm://***, https://***"
    assert shown["PORTNET_SECRET"] == shown["PORTNET_PREVIOUS_SECRETS"] == "(set)"
    assert shown["PORTNET_SMS_URLS"] == "(not set)"
    assert shown["PORT"] == "8000"
    assert shown["PORTNET_MODE"] == "development"


@given(st.dictionaries(st.sampled_from(SETTINGS), st.text(max_size=60)))
def test_no_environment_raises_another_error(environ: dict[str, str]) -> None:
    with contextlib.suppress(ConfigurationError):
        assert set(describe(read_config(environ))) == set(SETTINGS)


def documented() -> dict[str, str]:
    """The default that the reference page gives for each variable, without its code marks."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \|", REFERENCE.read_text("utf-8"), re.MULTILINE)
    return {variable: default.replace("`", "").strip() for variable, default in rows}


def test_the_reference_lists_every_setting_and_no_other() -> None:
    assert set(documented()) == set(SETTINGS)


def test_the_reference_gives_the_defaults_in_force() -> None:
    shown = describe(read_config(PRODUCTION))
    stated = {
        name: default.replace("<PORTNET_DATA_DIR>", "var")
        .replace("<PORTNET_HOST>", "127.0.0.1")
        .replace("<PORT>", "8000")
        .removesuffix(" in production, else open")
        for name, default in documented().items()
    }
    stated["PORTNET_SECRET"] = "set"
    assert stated == {name: text.strip("()") for name, text in shown.items()}


def test_each_agencys_system_has_one_address() -> None:
    config = read_config(
        {
            "PORTNET_MODE": "demo",
            "PORTNET_GATEWAY_URLS": "BADR=https://a.ma/in/ PORTNET=http://b:81",
        }
    )
    assert config.gateway_urls == (("BADR", "https://a.ma/in"), ("PORTNET", "http://b:81"))
    assert config.sandbox_gateway_urls == ()
    assert describe(config)["PORTNET_GATEWAY_URLS"] == "BADR=https://a.ma/in PORTNET=http://b:81"
