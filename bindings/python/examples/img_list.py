# SPDX-License-Identifier: Apache-2.0
"""Lists the firmware in a device.

python img_list.py udp://192.0.2.1:1337
"""

import asyncio
import sys

import pysmp


async def main(url: str) -> None:
    async with pysmp.connect(url) as device:
        state = await device.img.state_read()
    for image in state.images:
        flags = [name for name in ("active", "confirmed", "pending") if getattr(image, name)]
        print(f"image {image.image or 0} slot {image.slot}: {image.version}", *flags)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: img_list.py URL")
    try:
        asyncio.run(main(sys.argv[1]))
    except pysmp.SmpError as error:
        sys.exit(str(error))
