"""A real nginx with the module, a real store made by the real appctl, and what answers each error that the API has."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ORGANIZATION = "507f1f77bcf86cd799439010"
OWNER = "507f1f77bcf86cd799439011"
PROVIDER = "507f1f77bcf86cd799439012"
SHOWN = "507f1f77bcf86cd799439013"

# Name of a server → what its location has besides app_create.
SERVERS = {
    "plain": "",
    "denied": "deny all;",
    "limited": "limit_req zone=limited; limit_req_status 429;",
    "busy": "limit_req zone=busy;",
    "conflict": "return 409;",
    "bug": "return 500;",
    "other": "return 507;",
    "away": "app_create_store sqlite:{directory}/nowhere/apps.db;",
}

HEAD = """load_module {module};
{user}
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log notice;
thread_pool app_create threads=4;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    access_log off;
    app_create_store sqlite:{directory}/apps.db;
    app_create_thread_pool app_create;
    limit_req_zone $server_port zone=limited:1m rate=1r/m;
    limit_req_zone $server_port zone=busy:1m rate=1r/m;
"""

SERVER = """    server {{
        listen 127.0.0.1:{port};
        location ~ ^/v1/organizations/(?<organization_id>[^/]+)/apps(?:/[^/]+)?\\z {{
            app_create $organization_id; app_create_show on; {more}
        }}
    }}
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Gateway:
    def __init__(self, build):
        build = Path(build)
        self.nginx = os.environ.get("APP_CREATE_TEST_NGINX") or shutil.which(
            "nginx", path=os.environ["PATH"] + ":/usr/sbin"
        )
        self.module = os.environ.get("APP_CREATE_TEST_MODULE") or build / "ngx_http_app_create_module.so"
        self.appctl = os.environ.get("APP_CREATE_TEST_APPCTL") or build / "appctl"
        self.work = tempfile.TemporaryDirectory(prefix="app-create-docs-")
        self.directory = Path(self.work.name)
        self.process = None

    def __enter__(self):
        try:
            self.make_store()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
        self.work.cleanup()

    def ctl(self, *words):
        done = subprocess.run(
            [self.appctl, "--json", "--store", f"sqlite:{self.directory}/apps.db", *words],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"appctl {' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout)

    def make_store(self):
        self.ctl("init")
        plan = ("--build-retention-days", "90", "--builds-per-publication", "25")
        self.ctl("org", "create", "--name", "Acme", "--slug", "acme", "--id", ORGANIZATION, *plan)
        self.ctl("org", "create", "--name", "Full", "--slug", "full", "--limit", "0")
        provider = ("--name", "Builds", "--provider", "s3", "--region", "eu-west-1", "--id", PROVIDER)
        self.ctl("provider", "create", "--org", "acme", *provider, "--config", '{"bucket":"production-app-storage"}')
        self.ctl("org", "create", "--name", "Shown", "--slug", "shown", "--id", SHOWN)
        may = [f"--permission=mad.application.management.{what}" for what in ("create", "list")]
        key = ("--owner", OWNER, "--role", "org.admin")
        self.token = self.ctl("key", "create", "--org", "acme", *key, *may)["token"]
        self.token_of_full = self.ctl("key", "create", "--org", "full", *key, *may)["token"]
        self.token_of_shown = self.ctl("key", "create", "--org", "shown", *key, *may)["token"]
        self.token_without_permission = self.ctl("key", "create", "--org", "acme", *key, "--permission", "none")["token"]

    def start(self):
        for attempt in range(5):
            self.ports = dict(zip(SERVERS, free_ports(len(SERVERS))))
            user = "user root;" if os.geteuid() == 0 else ""
            text = HEAD.format(module=self.module, directory=self.directory, user=user)
            for name, more in SERVERS.items():
                text += SERVER.format(port=self.ports[name], more=more.format(directory=self.directory))
            (self.directory / "nginx.conf").write_text(text + "}\n")
            command = [self.nginx, "-p", self.directory, "-c", self.directory / "nginx.conf", "-g", "daemon off;"]
            self.process = subprocess.Popen(
                [*command, "-e", self.directory / "error.log"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            while self.process.poll() is None:
                try:
                    socket.create_connection(("127.0.0.1", self.ports["plain"]), 5).close()
                    return
                except OSError:
                    time.sleep(0.01)
            problem = self.process.stderr.read().decode()
            self.process = None
            if "Address already in use" not in problem or attempt == 4:
                raise RuntimeError("nginx does not start: " + problem)

    def url(self, server="plain"):
        return f"http://127.0.0.1:{self.ports[server]}"

    def create(
        self,
        body=b'{"name": "App"}',
        *,
        server="plain",
        organization="acme",
        method="POST",
        query="",
        token=None,
        headers=(),
    ):
        """One request by the standard library's client; a header that is None is not sent."""
        sent = {"Authorization": f"Bearer {token or self.token}", "Content-Type": "application/json", **dict(headers)}
        sent = {name: value for name, value in sent.items() if value is not None}
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[server], timeout=30)
        try:
            connection.request(method, f"/v1/organizations/{organization}/apps{query}", body, sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def read(self, rest="", *, organization="shown", token=None, method="GET", **more):
        """The list, or what `rest` says behind it, by a key that may."""
        token = token or self.token_of_shown
        return self.create(b"", organization=organization, query=rest, token=token, method=method, **more)

    def raw(self, request, server="plain"):
        """Bytes as they are, for what no client would send."""
        with socket.create_connection(("127.0.0.1", self.ports[server]), 30) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return Answer(response.status, response.headers, response.read().decode())

    def alarms(self):
        log = (self.directory / "error.log").read_text(errors="replace")
        return [line for line in log.splitlines() if "[alert]" in line or "[crit]" in line or "[emerg]" in line]
