"""`portnet demo`: the whole thing on one machine, with agencies that act by themselves and gateways that pretend."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from random import SystemRandom

import click
import msgspec

from portnet.domain.act import GATEWAY
from portnet.domain.agency_key import AgencyKey
from portnet.domain.paying.obligation import PROVIDER
from portnet.scenarios import shipped
from portnet.services.alert import Alerts
from portnet_mobile.gateways import AcceptedPush, AcceptedSms, PushGateway, Smsc
from portnet_server.bootstrap import running
from portnet_server.cli.serve import bind, listening, run_until_done, start_logging
from portnet_server.cli.settings import demo_settings, secret_of
from portnet_server.config import Config
from portnet_server.demo import guide
from portnet_server.demo.agency_client import AgencyClient
from portnet_server.demo.declaring.begun import declare_before_the_demo
from portnet_server.demo.declaring.going_on import GoingOn
from portnet_server.demo.gateway import Acknowledging, Received, SimulatedSystem
from portnet_server.demo.keys import read_keys
from portnet_server.demo.paying.provider import SimulatedProvider
from portnet_server.demo.people import People
from portnet_server.demo.seed import read_the_past, seed
from portnet_server.demo.simulators import Simulators
from portnet_server.gateway import public_half, signing_key
from portnet_server.system import SystemClock


@click.command()
@click.option("--quiet", is_flag=True, help="Agencies act only when you make them.")
def demo(quiet: bool) -> None:
    """Start the demo, with a new database."""
    config = demo_settings()
    start_logging(config)
    bind(config.host, config.port).close()
    run_until_done(_demo(config, quiet))


async def _demo(config: Config, quiet: bool) -> None:
    _forget(config)
    async with AsyncExitStack() as stack:
        outbox = _Outbox()
        push = await stack.enter_async_context(PushGateway(on_accepted=outbox.show_push))
        smsc = await stack.enter_async_context(Smsc(on_accepted=outbox.show_sms))
        answering, going_on = Acknowledging(), GoingOn(SystemClock(), SystemRandom())
        system = await stack.enter_async_context(_agencies_system(config, answering, going_on))
        provider = await stack.enter_async_context(_payment_provider(config, answering))
        wired = msgspec.structs.replace(
            config,
            sandbox_gateway_urls=config.sandbox_gateway_urls
            or ((GATEWAY, system.url), (PROVIDER, provider.url)),
            push_urls=(f"pnpush://:demo@{push.address}/v1/projects/demo",),
            sms_urls=(f"pnsms://:demo@{smsc.address}/sms",),
        )
        house = await stack.enter_async_context(running(wired, secret_of(wired)))
        keys_file = config.data_dir / "agency-keys.json"
        await seed(
            house.units,
            house.keyring,
            house.passwords,
            house.factor.authenticator,
            house.clock,
            house.ids,
            keys_file,
        )
        server = await stack.enter_async_context(listening(house))
        client = await stack.enter_async_context(
            AgencyClient(server.address, read_keys(keys_file), house.clock)
        )
        people = await stack.enter_async_context(People(server.address))
        simulators = Simulators(client, people, shipped(), house.clock, SystemRandom())
        answers = asyncio.create_task(answering.run(system, client), name="acknowledgements")
        next_steps = asyncio.create_task(going_on.run(client), name="declarations go on")
        await declare_before_the_demo(server.address, house.clock, house.ids)
        await simulators.file_the_past()
        alerts = Alerts(house.units, house.clock, house.ids, house.wakeups)
        await read_the_past(house.database, alerts, house.clock)
        click.echo(
            f"\n{guide.as_text(server.address, config.port, 'en')}\n\nPushes and SMS that the mock gateways take:"
        )
        outbox.shown = True
        acting = (
            None
            if quiet
            else asyncio.create_task(simulators.keep_acting(), name="simulated agencies")
        )
        await server.ended
        running_still = [task for task in (acting, answers, next_steps) if task is not None]
        for task in running_still:
            task.cancel()
        await asyncio.gather(*running_still, return_exceptions=True)


def _agencies_system(
    config: Config, answering: Acknowledging, going_on: GoingOn
) -> SimulatedSystem:
    """What stands for the systems of all agencies: it takes what companies send, says so, and goes on with it."""
    clock = SystemClock()

    def taken(message: Received) -> None:
        answering.taken(message)
        going_on.taken(message)

    return SimulatedSystem(_ours(config, clock), clock, on_taken=taken)


def _payment_provider(config: Config, answering: Acknowledging) -> SimulatedProvider:
    """What takes orders to pay; what becomes of them is told by the stories."""
    clock = SystemClock()
    return SimulatedProvider(_ours(config, clock), clock, on_other=answering.has)


def _ours(config: Config, clock: SystemClock) -> AgencyKey:
    """The key by which they know what we send."""
    key = signing_key(secret_of(config))
    return AgencyKey(
        id=key.id,
        source=GATEWAY,
        algorithm=key.algorithm,
        secret_or_public=public_half(key),
        sandbox=True,
        active_from=clock.now(),
    )


class _Outbox:
    """Shows what the gateways take, once the past has been filed."""

    def __init__(self) -> None:
        self.shown = False

    def show_push(self, push: AcceptedPush) -> None:
        if self.shown:
            click.echo(f"  push  {push.token[:20]:<20}  {push.body}")

    def show_sms(self, sms: AcceptedSms) -> None:
        if self.shown:
            click.echo(f"  SMS   {sms.to:<20}  {sms.text}")


def _forget(config: Config) -> None:
    """Each demo begins anew; only its own database is removed."""
    path = config.sqlite_path
    if path is None:
        raise click.ClickException("the demo keeps its data in SQLite: unset PORTNET_DATABASE_URL")
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
