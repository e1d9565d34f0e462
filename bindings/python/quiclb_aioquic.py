# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""QUIC-LB connection IDs for servers with aioquic, 1.2 or newer: the first one, those in NEW_CONNECTION_ID frames, and a Retry's.

    source = quiclb.Source("0:0a01:8:/etc/quiclb.key")
    server = await quiclb_aioquic.serve("192.0.2.1", 443, source=source, configuration=configuration, retry=True)

Bind to the VIP: a socket of the wildcard address answers from another one.
"""
import asyncio

from aioquic.asyncio.server import QuicServer
from aioquic.buffer import Buffer
from aioquic.quic.configuration import SMALLEST_MAX_DATAGRAM_SIZE
from aioquic.quic.packet import QuicPacketType, encode_quic_retry, pull_quic_header

import quiclb

__all__ = ["Mixin", "Server", "adopt", "serve"]


def adopt(connection, source):
    """Makes all CIDs of a server's connection the source's.  For a new connection, before it has received anything."""
    # aioquic has no hook for this, so these are its own attributes; test_quiclb_aioquic.py sees what is on the wire
    # pylint: disable=protected-access
    random_ones = connection._replenish_connection_ids

    def replenish():
        first = len(connection._host_cids)
        random_ones()
        for connection_id in connection._host_cids[first:]:
            connection_id.cid = source.mint()

    connection._replenish_connection_ids = replenish
    connection._host_cids[0].cid = source.mint()
    connection.host_cid = connection._local_initial_source_connection_id = connection._host_cids[0].cid


class Mixin:
    """For a subclass of aioquic's QuicServer, which comes after it in the list of bases."""

    def __init__(self, *, source, configuration, **options):
        self._source = source
        configuration.connection_id_length = source.cid_len
        super().__init__(configuration=configuration, **options)
        create = self._create_protocol

        def create_protocol(connection, **arguments):
            adopt(connection, source)
            return create(connection, **arguments)

        self._create_protocol = create_protocol

    def reload(self):
        """Reads the source's files again; True if another config mints now.  CIDs must keep their length, which aioquic knows one of.

        New connections have the new config.  aioquic cannot retire CIDs, so those of connections that exist are replaced as
        their clients use them up: keep the old config, here and on the director, until the director says that it is unseen.
        """
        length = quiclb.Source(self._source.spec).cid_len
        if length != self._source.cid_len:
            raise quiclb.Error(22, f"connection IDs would have {length} octets now, and have {self._source.cid_len}; "
                                   "choose another nonce length")
        return self._source.reload()

    def datagram_received(self, data, addr):
        """Sends a Retry where one is due; the rest is QuicServer's."""
        if self._retry is None or len(data) < SMALLEST_MAX_DATAGRAM_SIZE or not self._send_retry(data, addr):
            super().datagram_received(data, addr)

    def _send_retry(self, data, addr):
        try:
            header = pull_quic_header(Buffer(data=data), host_cid_length=self._configuration.connection_id_length)
        except ValueError:
            return False
        if header.packet_type != QuicPacketType.INITIAL or header.token or header.destination_cid in self._protocols or \
                header.version not in self._configuration.supported_versions:
            return False
        cid = self._source.mint()
        token = self._retry.create_token(addr, header.destination_cid, cid)
        self._transport.sendto(encode_quic_retry(version=header.version, source_cid=cid, destination_cid=header.source_cid,
                                                 original_destination_cid=header.destination_cid, retry_token=token), addr)
        return True


class Server(Mixin, QuicServer):
    """aioquic's server with QUIC-LB."""


async def serve(host, port, *, source, configuration, **options):
    """As aioquic.asyncio.serve()."""
    _, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Server(source=source, configuration=configuration, **options), local_addr=(host, port))
    return server
