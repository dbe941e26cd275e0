"""``python -m portnet_mobile.gateways``: both mock gateways, printing what they accept."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import assert_never

from portnet_mobile.gateways.push import AcceptedPush, PushGateway
from portnet_mobile.gateways.smsc import AcceptedSms, Smsc


def show(message: AcceptedPush | AcceptedSms) -> None:
    """One line for an accepted message."""
    match message:
        case AcceptedPush():
            line = f"push {message.token}: {message.body}"
        case AcceptedSms():
            line = f"SMS {message.to} ({message.parts} × {message.coding}): {message.text}"
        case _:
            assert_never(message)
    _say(f"{message.at:%H:%M:%S} {line}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def serve(host: str, push_port: int, sms_port: int) -> None:
    """Runs until it is cancelled."""
    async with (
        PushGateway(host, push_port, on_accepted=show) as push,
        Smsc(host, sms_port, on_accepted=show) as smsc,
    ):
        _say(f"PUSH pnpush://{push.address}/v1/projects/demo")
        _say(f"SMS pnsms://{smsc.address}/sms")
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="portnet_mobile.gateways", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--push-port", type=int, default=8011)
    parser.add_argument("--sms-port", type=int, default=8012)
    asked = parser.parse_args()
    try:
        asyncio.run(serve(asked.host, asked.push_port, asked.sms_port))
    except KeyboardInterrupt:
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
