# SPDX-License-Identifier: Apache-2.0
"""Updates a device: uploads, tries the new image, and keeps it when the device still answers.

python update.py udp://192.0.2.1:1337 zephyr.signed.bin
"""

import asyncio
import sys

import pysmp


async def main(url: str, path: str) -> None:
    async with pysmp.connect(url) as device:

        async def is_good(_report: pysmp.messages.UpdateReport) -> bool:
            return (await device.os.echo("well?")).text == "well?"

        update = device.update(path, decide=is_good)
        async for progress in update:
            print(f"\r{progress.phase.name:12} {progress.done} of {progress.total} ", end="")
        print(f"\n{(await update).text}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: update.py URL FILE")
    try:
        asyncio.run(main(*sys.argv[1:]))
    except (pysmp.SmpError, OSError) as error:
        sys.exit(str(error))
