"""Broadcasts a signal with pyzeebe, a client that nobody here wrote, and prints its key.

Usage: broadcast.py HOST:PORT NAME VARIABLES
"""

import asyncio
import json
import sys

from pyzeebe import ZeebeClient, create_insecure_channel


async def main(address: str, name: str, variables: str) -> None:
    client = ZeebeClient(create_insecure_channel(grpc_address=address))
    broadcast = await client.broadcast_signal(name, json.loads(variables))
    print(broadcast.key)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
