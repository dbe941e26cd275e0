"""What may not be a key at all."""

import pytest

from portnet.domain.agency_key import AgencyKey, SignatureAlgorithm
from portnet.domain.catalogue import OPERATOR
from tests.support.clock import NOON


def test_no_source_takes_the_name_that_stands_for_the_companys_own_acts() -> None:
    with pytest.raises(ValueError, match=OPERATOR):
        AgencyKey(
            id="k",
            source=OPERATOR,
            algorithm=SignatureAlgorithm.HMAC_SHA256,
            secret_or_public=bytes(32),
            sandbox=True,
            active_from=NOON,
        )
