"""An SMTP server that takes everything and writes the recipients down: `python mail_sink.py FILE`.

It prints its port. Each accepted message is one line in FILE, written before the answer, so that
what a client believes to have left was counted.
"""

from __future__ import annotations

import asyncio
import sys


class Sink:
    def __init__(self, path: str):
        self.log = open(path, "a", buffering=1, encoding="utf-8")  # noqa: SIM115 - for ever

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
                await reader.readuntil(b"\r\n.\r\n")
                self.log.write("".join(f"{one}\n" for one in recipients))
                recipients = []
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


async def main(path: str) -> None:
    server = await asyncio.start_server(Sink(path).serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
