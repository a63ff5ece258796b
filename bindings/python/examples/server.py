# SPDX-License-Identifier: Apache-2.0
"""The other end: a device that answers echo, on UDP, until it is killed.

python server.py udp://127.0.0.1:1337 &
smpctl -d udp://127.0.0.1:1337 echo hello
"""

import asyncio
import sys

import pysmp
from pysmp import commands, messages


def echo(request: messages.OsEchoRequest) -> messages.OsEchoResponse:
    print("echo:", request.text, flush=True)
    return messages.OsEchoResponse(request.text)


async def main(url: str) -> None:
    server = pysmp.Server(url)
    server.handle(commands.OS_ECHO, echo)
    async with server:
        print("listening on", server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: server.py URL")
    try:
        asyncio.run(main(sys.argv[1]))
    except pysmp.SmpError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        pass
