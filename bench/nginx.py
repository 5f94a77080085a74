"""The nginx of each side: Debian's, configured alike."""

from contextlib import contextmanager

from process import Server, free_port

CONNECTIONS = 4096
THREADS = 4

FRAME = """\
{load}
user root;
worker_processes {workers};
daemon off;
pcre_jit on;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
thread_pool app_create threads={threads};
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
{more}
    log_format value "{value}";
"""

LOCATION = r"location ~ ^/v1/organizations/(?<organization_id>[^/]+)/apps\z"

MODULE_SERVER = f"""\
        access_log {{log}};
        {LOCATION} {{ app_create $organization_id; }}
        location /static/ {{ alias {{folder}}/static/; }}
"""

# Each connection has a location with a queue of its own, so that creates of two connections never meet in a batch. A
# queue is made for each combination of store, threads and bounds: these differ in a bound that nothing reaches. There
# is a thread for each, as a writer keeps its thread for a moment.
SLOTS = 100
SINGLE_HTTP = """\
    map $connection $slot { "~(?<last_two>..)$" $last_two; default 0$connection; }
"""
SINGLE_SERVER = """\
        access_log {log};
        rewrite ^/v1/organizations/(?<organization_id>[^/]+)/apps\\z /slot$slot last;
"""
SINGLE_LOCATION = """\
        location = /slot{slot:02} {{ app_create_queue {bound}; app_create $organization_id; }}
"""


@contextmanager
def _serve(folder, workers, http="", server="", load="", threads=THREADS):
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    conf = folder / "nginx.conf"
    conf.write_text(FRAME.format(folder=folder, workers=workers, port=port, http=http, server=server, load=load,
                                 connections=CONNECTIONS, threads=threads))
    with Server(["nginx", "-p", folder, "-e", folder / "error.log", "-c", conf], port, folder / "nginx.log") as nginx:
        yield nginx


def _module(build, folder, store, workers, server, more, value, threads=THREADS):
    log = f"{folder}/values.log value buffer=256k" if value else "off"
    return _serve(folder, workers,
                  MODULE_HTTP.replace("{uri}", store.uri).replace("{more}", more).replace("{value}", value or "-"),
                  server.replace("{folder}", str(folder)).replace("{log}", log),
                  f"load_module {build}/ngx_http_app_create_module.so;", threads)


def module(build, folder, store, workers, more="", value=None):
    """Ours. `more` is configuration for http{}; the variable `value` of each request goes into folder/values.log."""
    static = folder / "static"
    static.mkdir(parents=True, exist_ok=True)
    (static / "page.html").write_text("x" * 4096)
    return _module(build, folder, store, workers, MODULE_SERVER, more, value)


def module_singly(build, folder, store, workers, more="", value=None):
    """Ours with batches of one, for up to SLOTS connections that come one after the other."""
    locations = "".join(SINGLE_LOCATION.format(slot=slot, bound=4096 + slot) for slot in range(SLOTS))
    return _module(build, folder, store, workers, SINGLE_SERVER + locations, more + SINGLE_HTTP, value, SLOTS)


def values(folder):
    """What a module that is over wrote."""
    return (folder / "values.log").read_text().split()


@contextmanager
def static_return(folder, workers, size, more=""):
    """`return 200` with a JSON of this size, in the location that the module has: it is given the same requests. `more`
    is configuration for the location."""
    head, tail = '{"data":"', '"}'
    text = f"{head}{'x' * (size - len(head) - len(tail))}{tail}"
    with _serve(folder, workers,
                server=f"        {LOCATION} {{ default_type application/json; {more} return 200 '{text}'; }}") as nginx:
        yield nginx


@contextmanager
def proxy(folder, workers, upstream):
    with _serve(folder, workers,
                f"    upstream peer {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }}",
                '        location / { proxy_pass http://peer; proxy_http_version 1.1; '
                'proxy_set_header Connection ""; }') as nginx:
        yield nginx
