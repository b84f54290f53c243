"""An SMTP server that takes everything and writes the recipients down: `python mail_sink.py FILE
[LETTERS]`.

It prints its port. Each accepted message is one line in FILE, written before the answer, so that
what a client believes to have left was counted. In LETTERS, where it is given, a line of JSON says
which one it was: recipient, message (as its own header names it), subject, plain text, and when it
came.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import sys
import time


class Sink:
    def __init__(self, path: str, letters: str = ""):
        self.log = open(path, "a", buffering=1, encoding="utf-8")  # noqa: SIM115 - for ever
        self.letters = open(letters, "a", buffering=1, encoding="utf-8") if letters else None  # noqa: SIM115

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection. A client that is killed in the middle just goes away."""
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipients: list[str] = []
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipients.append(line.split(b"<", 1)[1].split(b">", 1)[0].decode())
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                letter = await reader.readuntil(b"\r\n.\r\n")
                self.log.write("".join(f"{one}\n" for one in recipients))
                self._describe(recipients, letter)
                recipients = []
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return

    def _describe(self, recipients: list[str], letter: bytes) -> None:
        if self.letters is None:
            return
        found = email.message_from_bytes(letter, policy=email.policy.default)
        message = str(found["X-Backroom-Message"] or "0").split(".")[0]
        plain = found.get_body(("plain",))
        words = {
            "message": int(message),
            "subject": str(found["Subject"]),
            "text": plain.get_content() if plain else "",
            "at": time.time(),
        }
        for one in recipients:
            self.letters.write(json.dumps({"to": one} | words) + "\n")


async def main(*paths: str) -> None:
    server = await asyncio.start_server(Sink(*paths).serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(2)  # measures nothing by itself
    asyncio.run(main(*sys.argv[1:]))
