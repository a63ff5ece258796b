# SPDX-License-Identifier: Apache-2.0
"""Asks how large a packet the device takes, and how many.  Without asyncio.

python params.py udp://192.0.2.1:1337
"""

import sys

import pysmp


def main(url: str) -> None:
    with pysmp.blocking.connect(url) as device:
        params = device.os.params()
        print(f"{params.buf_count} buffers of {params.buf_size} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: params.py URL")
    try:
        main(sys.argv[1])
    except pysmp.SmpError as error:
        sys.exit(str(error))
