# SPDX-License-Identifier: Apache-2.0
"""Asks for something the library has no call for: any group, any command, any CBOR.

Here group 0, command 6 (parameters), printed as it came.

python raw.py udp://192.0.2.1:1337
"""

import asyncio
import sys

import pysmp


async def main(url: str) -> None:
    async with pysmp.connect(url) as device:
        answer = await device.request(0, 6, pysmp.Op.READ, b"\xa0")
        print(answer.payload.hex(" "))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: raw.py URL")
    try:
        asyncio.run(main(sys.argv[1]))
    except pysmp.SmpError as error:
        sys.exit(str(error))
