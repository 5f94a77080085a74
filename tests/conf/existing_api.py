#!/usr/bin/env python3
"""usage: existing_api.py PORT

An API that stands behind a gateway: it answers any POST with 201, also of what the gateway would refuse, and a GET with
200, and writes a line "METHOD PATH" for each.
"""

import http.server
import sys


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        print(self.command, self.path, flush=True)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.answer(201, b'{"status":true,"data":{"from":"api"}}')

    def do_GET(self):
        self.answer(200, b'{"status":true,"data":[]}')

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Api).serve_forever()
