# SPDX-License-Identifier: Apache-2.0
"""A program on a terminal, as a user at the keyboard has it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import termios
import time
from typing import Any, Self


class Terminal:
    """Runs a command on a pseudo-terminal; what it writes is collected."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        self.text = ""
        options: dict[str, Any] = {"stdin": slave, "stdout": slave, "stderr": slave}
        self.process = subprocess.Popen(
            command, env={"TERM": "xterm"} | env, start_new_session=True,
            preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0),
            **options,
        )  # fmt: skip
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def type_keys(self, text: str) -> None:
        """Types once libedit reads the keys: it prints its prompt a moment before, and a Ctrl-D in
        that moment would be lost.  A program that leaves editing to the system never reads keys."""
        end = time.monotonic() + 2
        while termios.tcgetattr(self.master)[3] & termios.ICANON and time.monotonic() < end:
            time.sleep(0.001)
        self.type(text)

    def _read(self, seconds: float) -> bool:
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other end is closed
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def expect(self, pattern: str, within: float = 10) -> re.Match[str]:
        """Waits until what was not expected yet matches, and forgets up to its end."""
        end = time.monotonic() + within
        while not (found := re.search(pattern, self.text, re.DOTALL)):
            left = end - time.monotonic()
            assert left > 0, f"{pattern!r} never came: {self.text!r}"
            if not self._read(min(left, 0.2)):
                assert self.process.poll() is None or self._read(0), (
                    f"{pattern!r} never came: {self.text!r}"
                )
        self.text = self.text[found.end() :]
        return found

    def end(self, within: float = 10) -> int:
        """Waits for the program's end; its status."""
        end = time.monotonic() + within
        while self.process.poll() is None and time.monotonic() < end:
            self._read(0.05)
        while self._read(0):
            pass
        return self.process.wait(1)
