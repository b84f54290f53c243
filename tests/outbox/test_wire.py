"""Where nothing is sent to, whatever somebody typed in: the server must not attack its own network."""

import socket

import pytest

from outbox import wire
from tests.factories_outbox import Receiver

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_not_public(address):
    assert not wire.is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address):
    assert wire.is_public(address)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.com/x", wire.NO_ADDRESS),
        ("file:///etc/passwd", wire.NO_ADDRESS),
        ("https://", wire.NO_ADDRESS),
        ("https://user:secret@example.com/", wire.NO_ADDRESS),
        ("https://example.com:99999/", wire.NO_ADDRESS),
        ("https://[::1/", wire.NO_ADDRESS),
        ("http://example.com/", wire.NOT_SECURE),
        ("https://127.0.0.1/", wire.NOT_PUBLIC),
        ("https://[::1]:8443/", wire.NOT_PUBLIC),
        ("https://169.254.169.254/latest/meta-data", wire.NOT_PUBLIC),
    ],
)
def test_refused_before_anything_is_sent(url, why):
    with pytest.raises(wire.AddressRefusedError) as refusal:
        wire.check_address(url, allow_private=False)
    assert str(refusal.value) == why


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "localhost"])
def test_other_spellings_of_this_machine_are_refused_by_what_they_resolve_to(host):
    with pytest.raises((wire.AddressRefusedError, wire.NoAnswerError)):
        wire.post(f"https://{host}/", b"{}", {}, timeout_seconds=2)


def resolving(monkeypatch, *answers: list[str]) -> list[str]:
    """The name service answers these, one list a question; the last one from then on."""
    asked: list[str] = []

    def getaddrinfo(host, port, *args, **kwargs):
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_with_one_private_address_is_refused(monkeypatch):
    resolving(monkeypatch, ["93.184.216.34", "10.0.0.7"])
    with pytest.raises(wire.AddressRefusedError):
        wire.post("https://innocent.example/", b"{}", {}, timeout_seconds=2)


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    """A name that answers a public address first and this machine a moment later (rebinding)."""
    asked = resolving(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    went_to = []

    def connect(address, *args, **kwargs):
        went_to.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(wire.NoAnswerError):
        wire.post("https://rebinding.example/", b"{}", {}, timeout_seconds=2)
    assert asked == ["rebinding.example"]
    assert went_to == [("93.184.216.34", 443)]


def test_the_receiver_sees_the_name_and_no_proxy_of_the_environment_is_used(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with Receiver() as there:
        resolving(monkeypatch, ["127.0.0.1"])
        port = there.url.split(":")[2].split("/")[0]
        answer = wire.post(
            f"http://shop.example:{port}/a?b=c",
            b"{}",
            {"Content-Type": "application/json"},
            timeout_seconds=5,
            allow_private=True,
        )
        [heard] = there.received
    assert answer == wire.Answer(200, "said 200")
    assert (heard.path, heard.headers["Host"]) == ("/a?b=c", f"shop.example:{port}")


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    """A plain server on the port: no TLS at all is the plainest wrong certificate."""
    with Receiver() as there, pytest.raises(wire.NoAnswerError, match="SSL"):
        wire.post(
            there.url.replace("http:", "https:"), b"{}", {}, timeout_seconds=5, allow_private=True
        )
    assert there.received == []
