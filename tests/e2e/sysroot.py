# SPDX-License-Identifier: Apache-2.0
"""USB serial ports that do not exist: a folder with the sys and dev that SMP_SYSROOT names."""

from __future__ import annotations

from pathlib import Path


class SysRoot:
    """Links of real ports under names, vendors, products and serial numbers of one's own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "sys/class/tty").mkdir(parents=True)
        (root / "dev").mkdir()

    def plug(self, name: str, target: Path, usb: str, description: str = "A board") -> Path:
        """Makes /dev/NAME a link to target, and a port of the USB device VID:PID:SERIAL."""
        device = self.root / "sys/devices" / f"usb-{name}"
        tty = device / "tty" / name
        tty.mkdir(parents=True)
        vendor, product, serial = usb.split(":")
        for key, value in {
            "idVendor": vendor, "idProduct": product, "serial": serial, "product": description,
        }.items():  # fmt: skip
            (device / key).write_text(value + "\n")
        (tty / "device").symlink_to(device)
        (self.root / "sys/class/tty" / name).symlink_to(tty)
        path = self.root / "dev" / name
        path.symlink_to(target)
        return path

    def unplug(self, name: str) -> None:
        (self.root / "sys/class/tty" / name).unlink()
        (self.root / "dev" / name).unlink()
