# SPDX-License-Identifier: Apache-2.0
"""Sends text to a device, and prints what comes back.

python echo.py udp://192.0.2.1:1337 hello
"""

import asyncio
import sys

import pysmp


async def main(url: str, text: str) -> None:
    async with pysmp.connect(url) as device:
        answer = await device.os.echo(text)
        print(answer.text)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: echo.py URL TEXT")
    try:
        asyncio.run(main(*sys.argv[1:]))
    except pysmp.SmpError as error:
        sys.exit(str(error))
