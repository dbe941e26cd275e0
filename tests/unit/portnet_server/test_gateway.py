"""Where messages go, and the key that they are signed with."""

from portnet.domain.agency_key import SignatureAlgorithm
from portnet_server.gateway import AgencySystems, public_half, signing_key

SECRET = b"a secret of the server, thirty-two bytes long"


def test_a_message_goes_to_the_agencys_own_system_or_to_the_one_that_passes_on() -> None:
    systems = AgencySystems(
        [("BADR", "http://badr"), ("PORTNET", "http://portnet")], [("PORTNET", "http://sand")], "PORTNET"
    )  # fmt: skip
    assert systems.route("BADR", sandbox=False) == "BADR"
    assert systems.route("ONSSA", sandbox=False) == "PORTNET"
    assert systems.route("BADR", sandbox=True) == "PORTNET"
    assert systems.url("BADR", sandbox=True) is None
    assert systems.sources == {"BADR", "PORTNET"}


def test_without_an_address_there_is_no_way() -> None:
    systems = AgencySystems([("BADR", "http://badr")], (), "PORTNET")
    assert systems.route("BADR", sandbox=True) is None
    assert systems.route("ONSSA", sandbox=False) is None


def test_each_secret_makes_a_key_of_its_own_that_shows_nothing() -> None:
    key, other = signing_key(SECRET), signing_key(SECRET[::-1])
    assert key.algorithm is SignatureAlgorithm.ED25519
    assert key == signing_key(SECRET)
    assert key.id != other.id
    assert len(public_half(key)) == 32
    assert SECRET not in public_half(key)
    assert key.secret.hex() not in repr(key)
