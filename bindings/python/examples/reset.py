# SPDX-License-Identifier: Apache-2.0
"""Resets a device.  It answers first, and is away for a moment after.

python reset.py udp://192.0.2.1:1337
"""

import asyncio
import sys

import pysmp


async def main(url: str) -> None:
    async with pysmp.connect(url) as device:
        await device.os.reset()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: reset.py URL")
    try:
        asyncio.run(main(sys.argv[1]))
    except pysmp.SmpError as error:
        sys.exit(str(error))
