"""usage: network.py DIRECTORY

A network of its own with nothing but a loopback interface, and in it a proxy on port 3142 through which apt reaches its
mirror: servers of the roots listen there on their usual ports and meet no other server of this machine.

Writes "PID FD" into DIRECTORY/network (/proc/PID/fd/FD is the network) and serves until it is killed.
"""

import ctypes
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import urllib.parse

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
libc = ctypes.CDLL(None, use_errno=True)


def check(status: int) -> None:
    if status != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def listen_inside() -> tuple[socket.socket, int]:
    """The socket belongs to the new network for ever; this process goes back to the old one."""
    outside = os.open("/proc/self/ns/net", os.O_RDONLY)
    check(libc.unshare(CLONE_NEWNET))
    import fcntl
    with socket.socket() as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    server = socket.create_server(("127.0.0.1", 3142), backlog=64)
    inside = os.open("/proc/self/ns/net", os.O_RDONLY)
    check(libc.setns(outside, CLONE_NEWNET))
    return server, inside


def proxy_of_apt() -> tuple[str, int] | None:
    shell = subprocess.run(["apt-config", "shell", "PROXY", "Acquire::http::Proxy"], capture_output=True, text=True,
                           check=False)
    text = shell.stdout.partition("=")[2].strip().strip("'") or os.environ.get("http_proxy", "")
    if not text or text == "DIRECT":
        return None
    url = urllib.parse.urlsplit(text)
    return url.hostname, url.port or 80


def copy_both_ways(one: socket.socket, other: socket.socket) -> None:
    ends = {one: other, other: one}
    while True:
        for end in select.select(list(ends), [], [])[0]:
            data = end.recv(1 << 16)
            if not data:
                return
            ends[end].sendall(data)


def serve(client: socket.socket, upstream: tuple[str, int] | None) -> None:
    try:
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                data = client.recv(1 << 16)
                if not data:
                    return
                head += data
            method, target, version = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            if upstream:
                server, request = socket.create_connection(upstream), head
            elif method == "CONNECT":
                host, _, port = target.rpartition(":")
                server, request = socket.create_connection((host, int(port))), b""
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                url = urllib.parse.urlsplit(target)
                server = socket.create_connection((url.hostname, url.port or 80))
                path = url.path + ("?" + url.query if url.query else "")
                lines = [line for line in head.split(b"\r\n")[1:] if not line.lower().startswith(b"connection:")]
                # One request a connection, so that nothing has to be understood of the answers.
                request = b"\r\n".join([f"{method} {path} {version}".encode(), b"Connection: close", *lines])
            with server:
                server.sendall(request)
                copy_both_ways(client, server)
    except OSError as error:
        print("network.py:", error, file=sys.stderr)


def main() -> None:
    server, inside = listen_inside()
    os.set_inheritable(inside, True)
    upstream = proxy_of_apt()
    with open(os.path.join(sys.argv[1], "network.new"), "w", encoding="ascii") as file:
        file.write(f"{os.getpid()} {inside}\n")
    os.rename(os.path.join(sys.argv[1], "network.new"), os.path.join(sys.argv[1], "network"))
    while True:
        client, _ = server.accept()
        threading.Thread(target=serve, args=(client, upstream), daemon=True).start()


main()
