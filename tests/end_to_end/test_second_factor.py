"""A person's authenticator, as their phone feels it: got, confirmed, asked for at the next sign-in."""

from datetime import timedelta

import msgspec
import pytest

from portnet.security.authenticator import code_at
from portnet_mobile.client import Client
from portnet_mobile.errors import Refused
from portnet_mobile.phone import Phone
from portnet_server.demo.accounts import PASSWORD
from tests.support.house.opening import HurriedClock, OpenHouse
from tests.support.identity.factors import STEP, secret_in


class Enrolment(msgspec.Struct, frozen=True, rename="camel"):
    uri: str
    recovery_codes: list[str]


class Me(msgspec.Struct, frozen=True, rename="camel"):
    second_factor: str


async def test_an_authenticator_is_got_and_then_asked_for(house: OpenHouse) -> None:
    clock = HurriedClock()
    client = Client(house.url, locale="fr", clock=clock)
    await client.open()
    await client.sign_in("logistics", PASSWORD)
    enrolment = await client.act(
        "EnrolSecondFactor",
        "enrolSecondFactor",
        {"method": "TOTP"},
        Enrolment,
        "SecondFactorEnrolment",
    )
    secret = secret_in(enrolment.uri)

    def shown(ahead: timedelta = timedelta(0)) -> str:
        return code_at(secret, clock.now() + ahead)

    proof = {"proof": {"code": shown()}}
    me = await client.act("ConfirmSecondFactor", "confirmSecondFactor", proof, Me, "Viewer")
    assert me.second_factor == "TOTP"
    with pytest.raises(Refused) as refused:
        await client.sign_in("logistics", PASSWORD)
    assert refused.value.problem.code == "SECOND_FACTOR_REQUIRED"
    # The code of this half minute is used up; the next one is within the skew.
    await client.sign_in("logistics", PASSWORD, lambda: shown(STEP))
    await client.close()
    async with Phone(
        house.url, "logistics", PASSWORD, code=lambda: enrolment.recovery_codes[0], clock=clock
    ) as phone:
        await phone.start()
        assert phone.store is not None
