"""`portnet code`: what the authenticators of the demo's people show."""

from click.testing import CliRunner
from pyotp.totp import TOTP

from portnet_server.cli.main import main
from portnet_server.demo.accounts import COMPANIES, user_of


def test_it_prints_a_code_of_the_persons_own_secret() -> None:
    result = CliRunner().invoke(main, ["code", "--as", "finance"])
    person = user_of("finance")
    assert person is not None
    assert person.totp_secret is not None
    assert result.exit_code == 0
    # The next code may have come in between.
    assert TOTP(person.totp_secret).verify(result.stdout.strip(), valid_window=1)


def test_who_has_no_authenticator_is_named() -> None:
    for login in ("logistics", "nobody"):
        result = CliRunner().invoke(main, ["code", "--as", login])
        assert result.exit_code == 1
        assert login in result.stderr


def test_no_two_people_share_a_secret() -> None:
    people = [user for company in COMPANIES.values() for user in company.users]
    secrets = [user.totp_secret for user in people if user.totp_secret is not None]
    assert len(secrets) == len(set(secrets)) == 7
