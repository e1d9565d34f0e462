#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What h3server.sh cannot do in shell: raw QUIC packets, QUIC-LB decoding, a NAT.

The decoder is written from the draft alone and takes AES from openssl(1), so that
it shares nothing with the code under test.
"""

import os
import select
import signal
import socket
import subprocess
import sys

TIMEOUT = 10
IDLE = 120      # seconds after which a relay ends by itself


def fail(text):
    sys.exit(f"probe: {text}")


def address(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


def udp(peer):
    family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.settimeout(TIMEOUT)
    sock.connect(peer)
    return sock


def long_header(version, dcid, scid, size):
    packet = b"\xc0" + version + bytes([len(dcid)]) + dcid
    packet += bytes([len(scid)]) + scid
    return packet + bytes(size - len(packet))


def version_negotiation(server):
    """Unknown version: the answer offers version 1 and swaps the CIDs."""
    sock = udp(address(server))
    dcid, scid = os.urandom(255), os.urandom(9)
    version = bytes.fromhex("1a2a3a4a")
    # Too small for an Initial: no answer, or it would be the first to arrive.
    sock.send(long_header(version, b"too-small", b"x", 1199))
    sock.send(long_header(version, dcid, scid, 1200))
    answer = sock.recv(65535)
    want = bytes([len(scid)]) + scid + bytes([len(dcid)]) + dcid
    if not answer[0] & 0x80 or answer[1:5] != bytes(4):
        fail("not a Version Negotiation packet")
    if answer[5:5 + len(want)] != want:
        fail("Version Negotiation does not echo the CIDs")
    offered = answer[5 + len(want):]
    versions = [offered[i:i + 4] for i in range(0, len(offered), 4)]
    if (1).to_bytes(4, "big") not in versions or version in versions:
        fail(f"offered versions: {versions}")


def stateless_reset(server, config, cid_len):
    """Short headers of no connection: same CID, same token, ever shorter."""
    sock = udp(address(server))
    first = bytes([int(config) << 5 | 9])
    cid = first + os.urandom(int(cid_len) - 1)
    tokens = []
    # Of no config: no answer, or it would be the first to arrive.
    sock.send(b"\x40" + bytes([(int(config) + 1) << 5]) + os.urandom(99))
    sock.send(b"\x40" + cid + bytes(21 - 1 - len(cid)))     # too small for an answer
    for size in (22, 30, 200):
        sock.send(b"\x40" + cid + os.urandom(size - 1 - len(cid)))
        answer = sock.recv(65535)
        if not 21 <= len(answer) < min(size, 43) or answer[0] & 0xc0 != 0x40:
            fail(f"{size} octets were answered with {len(answer)}: {answer.hex()}")
        tokens.append(answer[-16:])
    if len(set(tokens)) != 1:
        fail("the token changes")
    sock.send(b"\x40" + first + os.urandom(99))
    if sock.recv(65535)[-16:] == tokens[0]:
        fail("another CID has the same token")
    print(tokens[0].hex(), cid.hex())


def reset_token(server, cid):
    """Prints the token that belongs to a CID."""
    sock = udp(address(server))
    sock.send(b"\x40" + bytes.fromhex(cid) + bytes(100))
    print(sock.recv(65535)[-16:].hex())


def garbage(server, count):
    """Datagrams of every size and kind; the server's survival is tested after."""
    sock = udp(address(server))
    for i in range(int(count)):
        data = bytearray(os.urandom(i % 1400 + 1))
        kind = i % 5
        if kind == 1 and len(data) > 6:             # version 1 Initial, rest random
            data[0:6] = b"\xc0\0\0\0\1\x08"
        elif kind == 2 and len(data) > 6:           # CID lengths beyond the end
            data[0:6] = b"\xc0\0\0\0\1\xff"
        elif kind == 3 and len(data) > 30:          # token length beyond the end
            data[0:6] = b"\xc0\0\0\0\1\x08"
            data[14:16] = b"\0\xff"
        elif kind == 4:                             # short header
            data[0] = data[0] & 0x3f | 0x40
        try:
            sock.send(data)
        except ConnectionRefusedError:
            fail("the server is gone")
    sock.send(b"")


def aes(mode, key, blocks):
    """ECB over many blocks in one go."""
    run = subprocess.run(
        ["openssl", "enc", mode, "-aes-128-ecb", "-nopad", "-K", key],
        input=b"".join(blocks), stdout=subprocess.PIPE, check=True, timeout=60)
    return [run.stdout[i:i + 16] for i in range(0, len(run.stdout), 16)]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


class Half:
    """Left and right halves, which share the middle octet of an odd length."""

    def __init__(self, length):
        self.length = length
        self.half = (length + 1) // 2
        self.odd = length % 2

    def split(self, text):
        left, right = bytearray(text[:self.half]), bytearray(text[-self.half:])
        return self.clear_left(left), self.clear_right(right)

    def clear_left(self, left):
        return bytes(left[:-1]) + bytes([left[-1] & 0xf0 if self.odd else left[-1]])

    def clear_right(self, right):
        return bytes([right[0] & 0x0f if self.odd else right[0]]) + bytes(right[1:])

    def join(self, left, right):
        if not self.odd:
            return left + right
        return left[:-1] + bytes([left[-1] | right[0]]) + right[1:]

    def expand(self, text, number):
        return text + bytes(14 - len(text)) + bytes([self.length, number])


def four_pass_decode(key, texts):
    half = Half(len(texts[0]))
    lefts, rights = map(list, zip(*(half.split(text) for text in texts)))
    for number in (4, 3, 2, 1):
        source, target = (rights, lefts) if number % 2 == 0 else (lefts, rights)
        clear = half.clear_left if number % 2 == 0 else half.clear_right
        outputs = aes("-e", key, [half.expand(text, number) for text in source])
        for i, output in enumerate(outputs):
            target[i] = clear(xor(target[i], output[:half.half]))
    return [half.join(left, right) for left, right in zip(lefts, rights)]


def decode(config, server_id_len, nonce_len, key):
    """Reads CIDs in hex, one a line; prints their server IDs."""
    length = int(server_id_len) + int(nonce_len)
    cids = [bytes.fromhex(line) for line in sys.stdin.read().split()]
    for cid in cids:
        if len(cid) != 1 + length:
            fail(f"{cid.hex()} has {len(cid)} octets, not {1 + length}")
        if cid[0] >> 5 != int(config):
            fail(f"{cid.hex()} is of config {cid[0] >> 5}")
    texts = [cid[1:] for cid in cids]
    if key != "-":
        texts = (aes("-d", key, texts) if length == 16
                 else four_pass_decode(key, texts))
    for text in texts:
        print(text[:int(server_id_len)].hex())


class Nat:
    """Relays one client; after a while from another address, as a NAT that forgot.

    Packets to the old address still arrive, so that the client goes on
    acknowledging and the server can see where that comes from.
    """

    def __init__(self, server, first, second, after):
        self.server = address(server)
        self.sources = [first, second]
        self.after = int(after)
        self.inside = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inside.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.inside.bind(("127.0.0.1", 0))
        self.outside = []
        self.client = None
        self.relayed = 0

    def rebind(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.bind((self.sources.pop(0), 0))
        sock.connect(self.server)
        self.outside.append(sock)

    def outward(self):
        data, self.client = self.inside.recvfrom(65535)
        self.outside[-1].send(data)

    def inward(self, sock):
        data = sock.recv(65535)
        self.relayed += len(data)
        if self.sources and self.relayed > self.after:
            self.rebind()
        self.inside.sendto(data, self.client)

    def run(self):
        self.rebind()
        print(self.inside.getsockname()[1], flush=True)
        while True:
            ready, _, _ = select.select([self.inside] + self.outside, [], [], IDLE)
            if not ready:
                fail(f"nothing to relay for {IDLE} s")
            for sock in ready:
                if sock is self.inside:
                    self.outward()
                else:
                    self.inward(sock)


def nat(*args):
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    Nat(*args).run()


COMMANDS = {
    "version-negotiation": version_negotiation,
    "stateless-reset": stateless_reset,
    "reset-token": reset_token,
    "garbage": garbage,
    "decode": decode,
    "nat": nat,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
