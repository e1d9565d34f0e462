#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""An HTTP/3 file server on aioquic with QUIC-LB; SIGHUP has it read CONFIG, a file, again.

servers_aioquic.py [--retry] ADDRESS PORT CONFIG CERT KEY DIRECTORY
"""
import asyncio
import pathlib
import signal
import sys

import quiclb
import quiclb_aioquic
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated


class Http(QuicConnectionProtocol):
    root = pathlib.Path()
    http = None

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        if self.http:
            for got in self.http.handle_event(event):
                if isinstance(got, HeadersReceived):
                    self.answer(got)

    def answer(self, request):
        path = self.root / dict(request.headers)[b":path"].decode().lstrip("/")
        body = path.read_bytes() if path.is_file() else b""
        self.http.send_headers(request.stream_id, [(b":status", b"200" if path.is_file() else b"404")])
        self.http.send_data(request.stream_id, body, True)
        self.transmit()


async def run(retry, address, port, config, cert, key, root):
    Http.root = pathlib.Path(root)
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain(cert, key)
    server = await quiclb_aioquic.serve(address, int(port), source=quiclb.Source(config), configuration=configuration,
                                        create_protocol=Http, retry=retry)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, server.reload)
    await asyncio.Event().wait()


arguments = [argument for argument in sys.argv[1:] if argument != "--retry"]
asyncio.run(run("--retry" in sys.argv, *arguments))
