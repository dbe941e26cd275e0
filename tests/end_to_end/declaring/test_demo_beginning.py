"""What somebody who has just started the demo finds begun."""

from portnet_server.demo.declaring.begun import declare_before_the_demo
from portnet_server.system import GrowingIds, SystemClock
from tests.support.house.opening import OpenHouse


async def test_a_manager_finds_a_title_to_approve(house: OpenHouse) -> None:
    clock = SystemClock()
    await declare_before_the_demo(house.url, clock, GrowingIds(clock))
    async with house.phone("manager") as phone:
        await phone.start()
        [waiting] = (await phone.ask("Approvals", {"first": 5}))["approvals"]["nodes"]
        assert waiting["requestedBy"] == "Salma Idrissi"
        assert "Nutri-Ouest" in waiting["content"]["headline"]
        found = (await phone.ask("Declarations", {"first": 5}))["declarations"]["nodes"]
    assert {(one["kind"], one["state"]) for one in found} == {
        ("IMP_TITLE", "PENDING_APPROVAL"),
        ("DUM_IMPORT", "DRAFT"),
    }
