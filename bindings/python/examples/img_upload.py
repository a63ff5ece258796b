# SPDX-License-Identifier: Apache-2.0
"""Uploads new firmware, and shows how far it is.

python img_upload.py udp://192.0.2.1:1337 zephyr.signed.bin
"""

import asyncio
import sys

import pysmp


async def main(url: str, path: str) -> None:
    async with pysmp.connect(url) as device:
        async for progress in device.img.upload(path):
            print(f"\r{progress.done} of {progress.total} bytes", end="", flush=True)
    print("\ndone")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: img_upload.py URL FILE")
    try:
        asyncio.run(main(*sys.argv[1:]))
    except (pysmp.SmpError, OSError) as error:
        sys.exit(str(error))
