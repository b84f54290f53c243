"""A mail server whose answers a test writes into a file: `python smtp_server.py RULES TAKEN`.

RULES is JSON: {"mail": "250 ok", "data": "250 ok", "rcpt": {"part of the address": "550 …"}}, read at
every question; what is not there is taken. TAKEN gets a line per message that was taken, written
before the answer. It prints its port. After 421 it hangs up, as a server does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path


class Server:
    def __init__(self, rules: str, taken: str):
        self.rules = Path(rules)
        self.log = open(taken, "a", buffering=1, encoding="utf-8")  # noqa: SIM115 - for ever

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to = ""
        writer.write(b"220 test\r\n")
        while line := await reader.readline():
            verb, said = line[:4].upper(), "250 ok"
            rules = json.loads(self.rules.read_text())
            if verb == b"MAIL":
                said = rules.get("mail", said)
            if verb == b"RCPT":
                to = line.split(b"<", 1)[1].split(b">", 1)[0].decode()
                answers = rules.get("rcpt", {}).items()
                said = next((answer for part, answer in answers if part in to), said)
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                said = rules.get("data", said)
                if said.startswith("2"):
                    self.log.write(f"{to}\n")
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else f"{said}\r\n".encode())
            if verb == b"QUIT" or said.startswith("421"):
                return


async def main(rules: str, taken: str) -> None:
    server = await asyncio.start_server(Server(rules, taken).serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
