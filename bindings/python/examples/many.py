# SPDX-License-Identifier: Apache-2.0
"""Asks many devices at once which firmware they run: one loop, one thread.

python many.py udp://192.0.2.1 udp://192.0.2.2 "udp://[2001:db8::3]:1337"
"""

import asyncio
import sys

import pysmp


async def ask(url: str) -> None:
    try:
        async with pysmp.connect(url) as device:
            state = await device.img.state_read()
    except pysmp.SmpError as error:
        print(f"{url}: {error}")
        return
    for image in state.images:
        if image.active:
            print(f"{url}: {image.version}")


async def main(urls: list[str]) -> None:
    await asyncio.gather(*map(ask, urls))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
