"""Requests as they go over the wire. MARKER becomes a new number each time that load sends one."""

import http.client
import json
from contextlib import closing

MARKER = "@" * 16


def _http(method, path, headers, body=""):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _body(name, language="en"):
    """Some 200 bytes, as the issue's rows have them."""
    return json.dumps({"name": name, "configuration": {"notificationLanguage": language},
                       "metadata": {"costCenter": "IT-2024", "projectCode": "MOBILE-BANK-001"},
                       "defaultScripts": {"preInstall": "echo start"}}, separators=(",", ":"))


def create(store, name=f"Benchmark {MARKER}", token=True, language="en"):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {store.token if token is True else token}"
    return _http("POST", f"/v1/organizations/{store.organization}/apps", headers, _body(name, language))


def get(path):
    return _http("GET", path, {})


def open_connection(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.connect()
    return closing(connection)


def send(port, request):
    """Status and body of one answer."""
    with open_connection(port) as connection:
        return send_on(connection, request)


def send_on(connection, request):
    head, _, body = request.decode().replace(MARKER, "0" * len(MARKER)).partition("\r\n\r\n")
    first, *rest = head.split("\r\n")
    method, path, _ = first.split(" ")
    connection.request(method, path, body, dict(line.split(": ", 1) for line in rest if "Length" not in line))
    answer = connection.getresponse()
    return answer.status, answer.read()
