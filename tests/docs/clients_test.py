"""usage: clients_test.py ROOT BUILD_DIRECTORY curl|javascript|python|go

A client of docs/clients creates an application; prints what is refused, with its violations; and when an answer is lost
on its way, or the gateway asks it to come again, repeats the request and has made one application in the end.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
import urllib.parse
from pathlib import Path

from gateway import Gateway

# Language → what has to be there, and how its client is run.
PROGRAMS = {
    "curl": (["curl", "jq"], ["./create.sh"]),
    "javascript": (["node"], ["node", "create.mjs"]),
    "python": (["python3"], ["./create.py"]),
    "go": (["go"], ["go", "run", "create.go"]),
}
SKIPPED = 77


class Unlucky(threading.Thread):
    """Passes connections on. Of the first answer nothing arrives; the second is a 503, which the gateway never saw."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.gateway = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.requests = []
        self.start()

    @staticmethod
    def receive(connection):
        """One message with a Content-Length, whole."""
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return data
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        length = int(lengths[0].partition(b":")[2]) if lengths else 0
        while len(body) < length:
            part = connection.recv(65536)
            if not part:
                break
            body += part
        return head + b"\r\n\r\n" + body

    def run(self):
        while True:
            client, _ = self.listener.accept()
            with client:
                request = self.receive(client)
                if not request:
                    continue
                self.requests.append(request)
                if len(self.requests) == 2:
                    body = b'{"status":false,"error":{"code":3002,"message":"Database Error"}}'
                    client.sendall(
                        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nConnection: close\r\n"
                        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
                    )
                    continue
                with socket.create_connection(self.gateway, 30) as gateway:
                    gateway.sendall(request)
                    answer = self.receive(gateway)
                if len(self.requests) > 1:
                    client.sendall(answer)


class Client:
    def __init__(self, root, language, gateway):
        self.command = PROGRAMS[language][1]
        self.directory = root / "docs/clients"
        self.gateway = gateway

    def run(self, name, url, token=None):
        environment = os.environ | {
            "GATEWAY": url,
            "ORGANIZATION": "acme",
            "TOKEN": token or self.gateway.token,
            "GO111MODULE": "off",
            "GOTOOLCHAIN": "local",
        }
        # Whoever has a proxy has it for the internet.
        for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            environment.pop(variable, None)
        return subprocess.run(
            [*self.command, name], cwd=self.directory, env=environment, capture_output=True, text=True, check=False
        )


def expect(condition, what, done):
    if not condition:
        sys.exit(f"{what}: exit code {done.returncode}\n{done.stdout}{done.stderr}")


def main(root, build, language):
    missing = [program for program in PROGRAMS[language][0] if shutil.which(program) is None]
    if missing:
        print(f"skipped: there is no {missing[0]} here")
        return SKIPPED
    with Gateway(build) as gateway:
        client = Client(root, language, gateway)

        done = client.run("Métro “Lignes”", gateway.url())
        expect(done.returncode == 0, "it does not create", done)
        made = gateway.ctl("app", "show", "--org", "acme", done.stdout.split()[1])
        expect(made["id"] == done.stdout.split()[0] and made["name"] == "Métro “Lignes”", f"it made {made}", done)

        done = client.run("\u200b", gateway.url())
        expect(done.returncode == 1 and "3000 Validation Error" in done.stderr, "a violation is no failure", done)
        expect("/name: must contain at least one visible character" in done.stderr, "it hides the violation", done)

        done = client.run("App", gateway.url(), token="unknown")
        expect(done.returncode == 1 and "4001 Unauthorized" in done.stderr, "an unusable token is no failure", done)

        proxy = Unlucky(urllib.parse.urlsplit(gateway.url()).port)
        before = gateway.ctl("app", "count", "--org", "acme")["count"]
        done = client.run("Repeated", proxy.url)
        expect(done.returncode == 0, "it does not repeat", done)
        expect(len(proxy.requests) == 3, f"it sent {len(proxy.requests)} requests", done)
        after = gateway.ctl("app", "count", "--org", "acme")["count"]
        expect(after == before + 1, f"there are {after - before} applications of one request", done)
        made = gateway.ctl("app", "show", "--org", "acme", "repeated")
        expect(made["id"] == done.stdout.split()[0], f"it does not know the one that was made: {made['id']}", done)
        expect(gateway.token not in done.stdout + done.stderr, "it prints the token", done)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), sys.argv[3]))
