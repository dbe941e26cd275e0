"""What a new user reads first, in three languages."""

from typing import get_args

import pytest

from portnet.domain.localised import Locale
from portnet_server.cli.main import main
from portnet_server.demo import guide
from portnet_server.demo.accounts import COMPANIES, PASSWORD

LOCALES: tuple[Locale, ...] = get_args(Locale)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_terminal_names_every_account_and_the_password(locale: Locale) -> None:
    text = guide.as_text("http://127.0.0.1:8000", 8000, locale)
    assert "http://127.0.0.1:8000" in text
    assert PASSWORD in text
    for company in COMPANIES.values():
        for user in company.users:
            assert user.login in text
            assert user.name in text


def test_every_suggestion_is_a_command_that_exists() -> None:
    for suggestion in guide.SUGGESTIONS:
        program, command, *_ = suggestion.command.split()
        assert program == ".venv/bin/portnet"
        assert command in main.commands


def test_no_two_languages_say_the_same() -> None:
    for text in (guide.TITLE, guide.INTRODUCTION, *(s.shows for s in guide.SUGGESTIONS)):
        assert len({text.in_(locale) for locale in LOCALES}) == 3


def test_commands_for_a_demo_on_another_port_name_it() -> None:
    assert all("PORT" not in s.command for s in guide.suggestions(8000))
    assert all(s.command.startswith("PORT=9000 ") for s in guide.suggestions(9000))
