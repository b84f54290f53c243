"""One POST to an address that somebody typed in. No database, no settings.

Python's own HTTP client: the connection goes to the very address that was checked (a name may
answer differently a second later), nothing follows a redirect, reads a proxy from the environment
or unpacks a body, and the whole exchange has one deadline.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext_noop

READ_BYTES = 2_000  # of the answer; enough for a reason, too little to hurt
TOO_LATE = gettext_noop("The answer did not come in time.")
NOT_PUBLIC = gettext_noop("The address is not on the public internet.")
NOT_SECURE = gettext_noop("The address must begin with https://.")
NO_ADDRESS = gettext_noop("This is no web address.")
# IPv4 inside IPv6 (NAT64): public by the register, private on the other side of the gateway.
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefusedError(Exception):
    """Nothing is sent there; the text is a message id for the merchant."""


class NoAnswerError(Exception):
    """Nothing that could be understood came back."""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str  # its beginning


def check_address(url: str, *, allow_private: bool) -> SplitResult:
    """What can be said of an address without asking the network. Raises AddressRefusedError."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefusedError(NO_ADDRESS) from error
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.password:
        raise AddressRefusedError(NO_ADDRESS)
    if allow_private:
        return parts
    if parts.scheme != "https":
        raise AddressRefusedError(NOT_SECURE)
    with suppress(ValueError):  # a name: asked when something is sent
        if not is_public(host):
            raise AddressRefusedError(NOT_PUBLIC)
    return parts


def is_public(address: str) -> bool:
    """Raises ValueError for what is no IP address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return ip.is_global and not ip.is_multicast


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout_seconds: float,
    allow_private: bool = False,
) -> Answer:
    """Send once. Raises AddressRefusedError or NoAnswerError; any status at all is an Answer."""
    parts = check_address(url, allow_private=allow_private)
    ends = time.monotonic() + timeout_seconds
    try:
        connection = _connected(parts, ends, allow_private)
        return _exchanged(connection, parts, body, headers, ends)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        if time.monotonic() >= ends or isinstance(error, TimeoutError):
            raise NoAnswerError(TOO_LATE) from error
        raise NoAnswerError(f"{type(error).__name__}: {error}"[:300]) from error


class _Pinned(http.client.HTTPConnection):
    """Speaks to one checked address; the name is used for the Host header and the certificate."""

    def __init__(self, parts: SplitResult, address: str, timeout: float):
        secure = parts.scheme == "https"
        self.default_port = 443 if secure else 80
        super().__init__(str(parts.hostname), parts.port, timeout=timeout)
        self._address, self._tls = address, ssl.create_default_context() if secure else None

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = plain
        if self._tls is not None:
            try:
                self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
            except (OSError, ValueError):
                plain.close()
                raise

    def cut(self) -> None:
        """From another thread: whoever reads gets an error at once.

        Not SSLSocket's own shutdown: that throws the TLS state away under the reader's feet.
        """
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def _connected(parts: SplitResult, ends: float, allow_private: bool) -> _Pinned:
    """A connection to the first address of the name that takes it."""
    failure: OSError | None = None
    for address in _addresses(parts, allow_private):
        connection = _Pinned(parts, address, max(0.1, ends - time.monotonic()))
        try:
            connection.connect()
            return connection
        except OSError as error:
            failure = error
    raise failure or OSError(f"no address for {parts.hostname}")


def _addresses(parts: SplitResult, allow_private: bool) -> list[str]:
    """All addresses of the name; refused if a single one is not public: it might be the next."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    if not allow_private and not all(map(is_public, addresses)):
        raise AddressRefusedError(NOT_PUBLIC)
    return addresses


def _exchanged(
    connection: _Pinned, parts: SplitResult, body: bytes, headers: Mapping[str, str], ends: float
) -> Answer:
    """Send and read under one deadline: a time limit per read would let a drip last for days."""
    alarm = threading.Timer(max(0.0, ends - time.monotonic()), connection.cut)
    alarm.daemon = True
    alarm.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        text = answer.read(READ_BYTES).decode("utf-8", "replace")
        return Answer(answer.status, text.replace("\x00", ""))
    finally:
        alarm.cancel()
        connection.close()
