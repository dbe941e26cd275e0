"""What may not be a key at all."""

import pytest

from portnet.domain.agency_key import AgencyKey, SignatureAlgorithm
from portnet.domain.catalogue import RESERVED_SOURCES
from tests.support.clock import NOON


@pytest.mark.parametrize("source", sorted(RESERVED_SOURCES))
def test_no_agency_takes_the_name_of_the_company_s_acts_or_of_our_clock(source: str) -> None:
    with pytest.raises(ValueError, match=source):
        AgencyKey(
            id="k",
            source=source,
            algorithm=SignatureAlgorithm.HMAC_SHA256,
            secret_or_public=bytes(32),
            sandbox=True,
            active_from=NOON,
        )
