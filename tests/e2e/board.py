# SPDX-License-Identifier: Apache-2.0
"""A fake device with all groups, from the protocol's description: files, settings, logs, a shell.

What it holds are plain attributes, so that a test can look at them and spoil them.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from typing import Any

from wire import Behaviour, Device, Packet, Payload, good

NOT_SUPPORTED: Payload = {"rc": 8}


def refused(group: int, rc: int, **more: Any) -> Payload:
    return {"err": {"group": group, "rc": rc}} | more


class Board(Device):
    def __init__(self, behaviour: Behaviour = good, **options: Any) -> None:
        self.files: dict[str, bytes] = options.pop("files", {})
        self.hashes: set[str] = options.pop("hashes", {"sha256", "crc32"})
        self.chunk: int = options.pop("chunk", 400)  # bytes of a file in one answer
        self.settings: dict[str, bytes | str] = options.pop("settings", {})
        self.saved: dict[str, bytes | str] = {}
        self.stats: dict[str, dict[str, int]] = options.pop("stats", {})
        self.logs: list[Payload] = options.pop("logs", [])
        self.core: bytes | None = options.pop("core", None)
        self.shell: Payload = options.pop("shell", {})  # answers by command line
        self.missing: set[int] = options.pop("missing", set())  # groups it does not have
        super().__init__(behaviour, **options)

    def _handle(self, request: Packet) -> Payload:
        if request.group in self.missing:
            return NOT_SUPPORTED
        handlers: dict[int, Callable[[Packet], Payload]] = {
            2: self._on_stat,
            3: self._on_settings,
            4: self._on_log,
            5: lambda _: {"rc": 0},
            7: self._on_run,
            8: self._on_fs,
            9: self._on_shell,
            10: self._on_enum,
            63: lambda _: {},
        }
        if request.group in handlers:
            return handlers[request.group](request)
        if request.group == 1 and request.id in (3, 4):
            return self._on_core(request)
        return super()._handle(request)

    def _on_core(self, request: Packet) -> Payload:
        if request.op == 2:
            self.core = None
            return {"rc": 0}
        if self.core is None:
            return {"rc": 5}
        if request.id == 3:
            return {"rc": 0}
        off = request.payload["off"]
        return {"rc": 0, "off": off, "data": self.core[off : off + self.chunk]}

    def _on_stat(self, request: Packet) -> Payload:
        if request.id == 1:
            return {"stat_list": list(self.stats)}
        name = request.payload["name"]
        if name not in self.stats:
            return refused(2, 2)
        return {"name": name, "fields": self.stats[name]}

    def _on_settings(self, request: Packet) -> Payload:
        name = request.payload.get("name", "")
        match (request.id, request.op):
            case (0, 0):
                return {"val": self.settings[name]} if name in self.settings else refused(3, 3)
            case (0, 2):
                self.settings[name] = request.payload.get("val", "")
                return {}
            case (1, 2):
                return {} if self.settings.pop(name, None) is not None else refused(3, 3)
            case (2, 2):
                return {}
            case (3, 2):
                self.saved = dict(self.settings)
                return {}
            case (3, 0):
                self.settings = dict(self.saved)
                return {}
        return NOT_SUPPORTED

    def _on_log(self, request: Packet) -> Payload:
        match request.id:
            case 0:
                first = request.payload["index"]
                left = [x for x in self.logs if x["index"] >= first]
                log = {"name": "reboot_log", "type": 2, "entries": left[:2]}
                return {"next_index": 100, "logs": [log], "rc": int(len(left) > 2)}
            case 1:
                self.logs = []
                return {"rc": 0}
            case 3:
                return {"rc": 0, "module_map": {"OS": 1, "DEFAULT": 0}}
            case 4:
                return {"rc": 0, "level_map": {"ERROR": 3, "DEBUG": 0, "WARN": 2}}
            case 5:
                return {"rc": 0, "log_list": ["reboot_log", "console"]}
        return NOT_SUPPORTED

    def _on_run(self, request: Packet) -> Payload:
        return {"rc": 0} if request.id == 0 else {"rc": 0, "run_list": ["two", "one"]}

    def _on_shell(self, request: Packet) -> Payload:
        line = " ".join(request.payload["argv"])
        answer = self.shell.get(line, {"o": f"\r\n{line}\r\n", "ret": 0})
        assert isinstance(answer, dict)
        return answer

    def _on_enum(self, request: Packet) -> Payload:
        match request.id:
            case 0:
                return {"count": 3}
            case 1:
                return {"groups": [0, 8, 77]}
            case 3:
                groups = request.payload.get("groups", [0, 8, 77])
                return {"groups": [{"group": x, "name": f"g{x}", "handlers": 2} for x in groups]}
        return NOT_SUPPORTED

    def _on_fs(self, request: Packet) -> Payload:
        name = request.payload.get("name", "")
        match (request.id, request.op):
            case (0, 2):
                return self._on_write(name, request.payload)
            case (4, 2):
                return {}
            case (3, 0):
                types = {"sha256": {"format": 1, "size": 32}, "crc32": {"format": 0, "size": 4}}
                return {"types": {x: types[x] for x in types if x in self.hashes}}
        if name not in self.files:
            return refused(8, 3)
        data = self.files[name]
        match request.id:
            case 0:
                off = request.payload["off"]
                length = {"len": len(data)} if off == 0 else {}
                return {"off": off, "data": data[off : off + self.chunk]} | length
            case 1:
                return {"len": len(data)}
            case 2:
                return self._on_hash(data, request.payload)
        return NOT_SUPPORTED

    def _on_hash(self, data: bytes, payload: Payload) -> Payload:
        kind = payload.get("type", "sha256")
        if not self.hashes:
            return NOT_SUPPORTED
        if kind not in self.hashes:
            return refused(8, 13)
        off = payload.get("off", 0)
        data = data[off : off + payload.get("len", len(data))]
        output = hashlib.sha256(data).digest() if kind == "sha256" else zlib.crc32(data)
        return {"type": kind, "len": len(data), "output": output} | ({"off": off} if off else {})

    def _on_write(self, name: str, chunk: Payload) -> Payload:
        off = chunk["off"]
        if off == 0:
            self.files[name] = b""
        held = self.files.get(name, b"")
        if off != len(held):
            return refused(8, 11, len=len(held))
        self.files[name] = held + chunk["data"]
        return {"off": len(self.files[name])}
