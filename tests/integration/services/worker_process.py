"""A worker as a process of its own: takes in what waits at a database's URL once it is told to go.

Run as ``python -m tests.integration.services.worker_process URL LANE``: it says ``ready``, waits for a line, works, and
says how many messages it looked at.
"""

import asyncio
import sys

from tests.support.world import open_world


async def main(url: str, lane: int) -> None:
    async with open_world(url, lane=lane, populate=False) as world:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        sys.stdout.write(f"{await world.work()}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
