# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Tests of quiclb_aioquic.py with aioquic's own client, and a certificate in QUICLB_TLS (cert.pem, key.pem).  Prints TAP."""
import asyncio
import os
import pathlib
import ssl
import sys
import tempfile
import unittest

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.buffer import Buffer
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.packet import QuicPacketType, pull_quic_header

import quiclb
import quiclb_aioquic
from test_quiclb import KEY, main

TLS = pathlib.Path(os.environ["QUICLB_TLS"])
SECONDS = 30


class Recorder(quiclb_aioquic.Server):
    """Remembers the type and the destination CID of all that its client sends."""

    def __init__(self, **options):
        super().__init__(**options)
        self.seen = []

    def datagram_received(self, data, addr):
        header = pull_quic_header(Buffer(data=data), host_cid_length=self._configuration.connection_id_length)
        self.seen.append((header.packet_type, bool(header.token), header.destination_cid))
        super().datagram_received(data, addr)


def echo(reader, writer):
    async def answer():
        writer.write(await reader.read())
        writer.write_eof()
    asyncio.ensure_future(answer())


class Aioquic(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.key, self.configs = (os.path.join(directory.name, name) for name in ("key", "configs"))
        self.write(self.key, KEY)
        os.chmod(self.key, 0o600)
        self.write(self.configs, f"0:0a01:8:{self.key}\n")
        self.source = quiclb.Source(self.configs)

    @staticmethod
    def write(path, text):
        pathlib.Path(path).write_text(text, encoding="utf-8")

    def run_server(self, client, **options):
        """Runs client(server, port), and returns what the server has seen."""
        async def run():
            configuration = QuicConfiguration(is_client=False, alpn_protocols=["echo"])
            configuration.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
            transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: Recorder(source=self.source, configuration=configuration, stream_handler=echo, **options),
                local_addr=("127.0.0.1", 0))
            await client(server, transport.get_extra_info("sockname")[1])
            server.close()
            return server.seen
        return asyncio.run(asyncio.wait_for(run(), SECONDS))

    async def ask(self, port, moves=0):
        """One connection: an echo, then as many more with another CID each."""
        configuration = QuicConfiguration(alpn_protocols=["echo"], verify_mode=ssl.CERT_NONE)
        async with connect("127.0.0.1", port, configuration=configuration, create_protocol=QuicConnectionProtocol) as client:
            for _ in range(moves + 1):
                reader, writer = await client.create_stream()
                writer.write(b"ping")
                writer.write_eof()
                self.assertEqual(await reader.read(), b"ping")
                client.change_connection_id()

    def ours(self, seen):
        """All but a client's own first CID lead to this server."""
        for packet_type, token, cid in seen:
            if packet_type != QuicPacketType.INITIAL or token:
                self.assertEqual(self.source.check(cid), quiclb.State.CURRENT, f"{packet_type}: {cid.hex()}")
        return len({cid for packet_type, _, cid in seen if packet_type == QuicPacketType.ONE_RTT})

    def test_cids(self):
        seen = self.run_server(lambda _, port: self.ask(port, moves=9))
        # more than the seven that a server gives at first: those that follow a retirement are ours, too
        self.assertGreater(self.ours(seen), 8)

    def test_retry(self):
        seen = self.run_server(lambda _, port: self.ask(port), retry=True)
        self.assertGreater(self.ours(seen), 0)
        repeated = [cid for packet_type, token, cid in seen if token]
        self.assertTrue(repeated, "the client has seen no Retry")
        self.assertEqual(len(repeated[0]), 11)

    def test_rotation(self):
        async def client(server, port):
            await self.ask(port)
            self.write(self.configs, f"0:0a01:8:{self.key}\n1:0b01:4\n")
            with self.assertRaisesRegex(quiclb.Error, "would have 7 octets now, and have 11"):
                server.reload()
            self.write(self.configs, f"0:0a01:8:{self.key}\n1:0b01:8\n")
            self.assertTrue(server.reload())
            server.seen.clear()
            await self.ask(port, moves=1)
        seen = self.run_server(client)
        self.assertGreater(self.ours(seen), 1)
        self.assertEqual({cid[0] >> 5 for packet_type, _, cid in seen if packet_type == QuicPacketType.ONE_RTT}, {1})


if __name__ == "__main__":
    sys.exit(main(sys.modules[__name__]))
