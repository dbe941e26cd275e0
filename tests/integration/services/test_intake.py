from tests.support.world import World
async def test_x(world: World) -> None:
    await world.tell("S0")
    print(await world.states())
    for e in await world.entries(): print(e.message.type, e.kind, e.from_state, e.to_state, e.alert, e.alerted)
    print(await world.column("select user_id || kind from alert"))
    assert (await world.states()) == 1
