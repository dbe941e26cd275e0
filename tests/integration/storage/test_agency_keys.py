"""The agencies' keys: sealed on disk, found by their source only, replaced without a silence."""

from datetime import timedelta

import msgspec
import pytest

from portnet.domain.agency_key import AgencyKey, SignatureAlgorithm
from portnet.security.secrets_box import SealBroken, SecretsBox
from portnet.storage import piccolo_conf
from portnet.storage.agency_keys import AgencyKeys
from portnet.storage.engines import Database, query
from tests.support.clock import NOON

SECRET = b"0123456789abcdef0123456789abcdef"
KEY = AgencyKey(
    id="badr-2026-a",
    source="BADR",
    algorithm=SignatureAlgorithm.HMAC_SHA256,
    secret_or_public=SECRET,
    sandbox=True,
    active_from=NOON,
    active_until=NOON + timedelta(days=365),
)


@pytest.fixture
def keys(migrated: Database) -> AgencyKeys:
    piccolo_conf.bind(migrated.piccolo_engine)
    return AgencyKeys(SecretsBox(b"k" * 32))


def another() -> AgencyKeys:
    """The keys as another process sees them."""
    return AgencyKeys(SecretsBox(b"k" * 32))


async def test_a_key_is_found_as_it_was_saved(keys: AgencyKeys) -> None:
    ed25519 = msgspec.structs.replace(
        KEY,
        id="onssa-1",
        source="ONSSA",
        algorithm=SignatureAlgorithm.ED25519,
        active_until=None,
        sandbox=False,
    )
    for key in (KEY, ed25519):
        await keys.save(key)
        assert await keys.find(key.source, key.id) == key
        assert await another().find(key.source, key.id) == key


async def test_a_key_is_its_sources_only(keys: AgencyKeys) -> None:
    await keys.save(KEY)
    for reader in (keys, another()):
        assert await reader.find("BANK", KEY.id) is None
        assert await reader.find("BADR", KEY.id) == KEY
        assert await reader.find("BANK", KEY.id) is None


@pytest.mark.parametrize("name", ["", "nothing", "' OR 1=1 --", "é" * 500])
async def test_a_key_that_does_not_exist_is_not_found(keys: AgencyKeys, name: str) -> None:
    assert await keys.find("BADR", name) is None


async def test_two_keys_of_a_source_are_both_known(keys: AgencyKeys) -> None:
    other = msgspec.structs.replace(KEY, id="badr-2026-b", secret_or_public=SECRET[::-1])
    await keys.save(KEY)
    await keys.save(other)
    assert await keys.find("BADR", KEY.id) == KEY
    assert await keys.find("BADR", other.id) == other


async def test_a_key_that_is_saved_again_is_replaced(keys: AgencyKeys) -> None:
    await keys.save(KEY)
    assert await keys.find("BADR", KEY.id) == KEY
    retired = msgspec.structs.replace(KEY, active_until=NOON)
    await keys.save(retired)
    assert await keys.find("BADR", KEY.id) == retired
    assert await another().find("BADR", KEY.id) == retired


async def test_no_secret_lies_open_on_disk(keys: AgencyKeys, migrated: Database) -> None:
    await keys.save(KEY)
    stored = str((await migrated.read(query("SELECT secret FROM agency_key")))[0][0])
    assert SECRET.decode() not in stored
    assert SECRET.hex() not in stored


async def test_a_sealed_secret_opens_in_its_own_place_only(
    keys: AgencyKeys, migrated: Database
) -> None:
    """Whoever can write to the database cannot pass one source's secret off as another key's."""
    await keys.save(KEY)
    await keys.save(msgspec.structs.replace(KEY, id="bank-1", source="BANK"))
    swap = (
        "UPDATE agency_key SET secret ="
        " (SELECT o.secret FROM agency_key o WHERE o.id = 'badr-2026-a') WHERE id = 'bank-1'"
    )
    async with migrated.transaction() as transaction:
        await transaction.commit(query(swap))
    with pytest.raises(SealBroken):
        await another().find("BANK", "bank-1")
