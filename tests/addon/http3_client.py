"""usage: http3_client.py PORT CERTIFICATE TOKEN_FILE

Creates over HTTP/3: a body within client_max_body_size (8k), larger ones with and without a declared length.
"""

import asyncio
import json
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import StreamReset

LIMIT = 8 * 1024


class Client(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = H3Connection(self._quic)
        self.headers, self.body, self.answered = {}, b"", None

    def quic_event_received(self, event):
        if isinstance(event, StreamReset) and self.answered and not self.answered.done() and self.headers:
            self.answered.set_result(None)
        for one in self.http.handle_event(event):
            if isinstance(one, HeadersReceived):
                self.headers = {name.decode(): value.decode() for name, value in one.headers}
            elif isinstance(one, DataReceived):
                self.body += one.data
            if getattr(one, "stream_ended", False) and self.answered and not self.answered.done():
                self.answered.set_result(None)

    async def create(self, body, token, declared):
        self.headers, self.body = {}, b""
        self.answered = asyncio.get_running_loop().create_future()
        stream = self._quic.get_next_available_stream_id()
        headers = [
            (b":method", b"POST"),
            (b":scheme", b"https"),
            (b":authority", b"localhost"),
            (b":path", b"/v1/organizations/test/apps"),
            (b"authorization", b"Bearer " + token),
            (b"content-type", b"application/json"),
        ]
        if declared:
            headers.append((b"content-length", str(len(body)).encode()))
        self.http.send_headers(stream, headers)
        # In pieces, so that the server meets the limit on the way.
        for at in range(0, len(body), 1000):
            self.http.send_data(stream, body[at : at + 1000], end_stream=at + 1000 >= len(body))
            self.transmit()
        await asyncio.wait_for(self.answered, 20)
        return int(self.headers[":status"]), json.loads(self.body)


def body_of(size):
    start = b'{"name":"Three","metadata":{"m":"'
    return start + b"m" * (size - len(start) - 3) + b'"}}'


async def main(port, certificate, token):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name="localhost")
    configuration.load_verify_locations(certificate)
    for declared in (True, False):
        for size, expected in ((LIMIT, 200), (LIMIT + 1, 413), (20 * LIMIT, 413)):
            async with connect(
                "127.0.0.1", port, configuration=configuration, create_protocol=Client, wait_connected=True
            ) as client:
                status, answer = await client.create(body_of(size), token, declared)
                print(declared, size, status, str(answer)[:100])
                assert status == expected, (declared, size, status, answer)
                if expected == 413:
                    assert answer == {"status": False, "error": {"code": 1004, "message": "Payload too large"}}, answer
                    assert client.headers["content-type"] == "application/json; charset=utf-8", client.headers
                    assert client.headers["cache-control"] == "no-store", client.headers


with open(sys.argv[3], "rb") as file:
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], file.read().strip()))
