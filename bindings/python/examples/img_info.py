# SPDX-License-Identifier: Apache-2.0
"""Looks at a firmware file: which version, which hash, whole and undamaged?  Needs no device.

python img_info.py zephyr.signed.bin
"""

import sys

import pysmp


def main(path: str) -> None:
    image = pysmp.Image.parse(path)
    signed = "signed" if image.is_signed else "not signed"
    print(f"version {image.version}, {signed}, hash {image.hash.hex()}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: img_info.py FILE")
    try:
        main(sys.argv[1])
    except (pysmp.SmpError, OSError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
