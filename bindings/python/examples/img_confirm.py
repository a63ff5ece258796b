# SPDX-License-Identifier: Apache-2.0
"""Keeps the firmware that is running on trial; without this the next reset would undo it.

python img_confirm.py udp://192.0.2.1:1337
"""

import asyncio
import sys

import pysmp


async def main(url: str) -> None:
    async with pysmp.connect(url) as device:
        await device.img.state_write(confirm=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: img_confirm.py URL")
    try:
        asyncio.run(main(sys.argv[1]))
    except pysmp.SmpError as error:
        sys.exit(str(error))
