"""The nginx of each side: Debian's, configured alike."""

from contextlib import contextmanager

from process import Server, free_port

CONNECTIONS = 4096

FRAME = """\
{load}
user root;
worker_processes {workers};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
thread_pool app_create threads=4;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    client_body_temp_path {folder}/client_body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{http}
    server {{
        listen 127.0.0.1:{port} reuseport;
{server}
    }}
}}
"""

MODULE_HTTP = """\
    app_create_store "{uri}";
    app_create_thread_pool app_create;
    log_format worker "$pid";
"""

MODULE_SERVER = """\
        {log}
        location ~ ^/v1/organizations/(?<organization_id>[^/]+)/apps$ { app_create $organization_id; }
        location /static/ { alias {folder}/static/; }
"""


@contextmanager
def _serve(folder, workers, http="", server="", load=""):
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    conf = folder / "nginx.conf"
    conf.write_text(FRAME.format(folder=folder, workers=workers, port=port, http=http, server=server, load=load,
                                 connections=CONNECTIONS))
    with Server(["nginx", "-p", folder, "-e", folder / "error.log", "-c", conf], port, folder / "nginx.log") as nginx:
        yield nginx


@contextmanager
def module(build, folder, store, workers, counts_workers=False):
    """Ours. With `counts_workers` a log of the worker of each request is written to folder/workers.log."""
    static = folder / "static"
    static.mkdir(parents=True, exist_ok=True)
    (static / "page.html").write_text("x" * 4096)
    log = f"access_log {folder}/workers.log worker buffer=256k;" if counts_workers else ""
    with _serve(folder, workers, MODULE_HTTP.replace("{uri}", store.uri),
                MODULE_SERVER.replace("{folder}", str(folder)).replace("{log}", log),
                f"load_module {build}/ngx_http_app_create_module.so;") as nginx:
        yield nginx


@contextmanager
def static_return(folder, workers, sizes):
    """`return 200` with a JSON of each size, at /SIZE."""
    head, tail = '{"data":"', '"}'
    places = [f"        location /{size} {{ default_type application/json; "
              f"return 200 '{head}{'x' * (size - len(head) - len(tail))}{tail}'; }}" for size in sizes]
    with _serve(folder, workers, server="\n".join(places)) as nginx:
        yield nginx


@contextmanager
def proxy(folder, workers, upstream):
    with _serve(folder, workers,
                f"    upstream peer {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }}",
                '        location / { proxy_pass http://peer; proxy_http_version 1.1; '
                'proxy_set_header Connection ""; }') as nginx:
        yield nginx
