# For the tests of configurations that operators copy: nginx-conf/NAME.conf with other paths and ports, and a store for it.
# Sourced with "name", "nginx", "module" and "appctl" set. What is in "server_pid" is ended with it all.
# shellcheck shell=bash disable=SC2034,SC2154

server_pid=
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
work=$(mktemp -d /tmp/app-create-conf.XXXXXX)
conf=$work/nginx.conf

fail() {
    echo "FAILED: $*" >&2
    for log in "$work"/*.log; do
        [[ -s $log ]] && sed "s|^|$(basename "$log"): |" "$log" >&2
    done
    exit 1
}

clean() {
    [[ ! -s $work/nginx.pid ]] || kill -QUIT "$(cat "$work/nginx.pid")" 2>/dev/null || true
    [[ -z $server_pid ]] || kill "$server_pid" 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT

# Workers of another user go through here; the store is theirs.
chmod 755 "$work"
mkdir "$work/store" "$work/tls"
[[ $(id -u) -ne 0 ]] || chown www-data:www-data "$work/store"
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=api.example.com -days 2 \
    -keyout "$work/tls/key.pem" -out "$work/tls/fullchain.pem" 2>/dev/null
read -r port upstream mongo_port watch_port < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(4)]
for one in sockets: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))')

store=sqlite:$work/store/apps.db
[[ $name != mongodb ]] || store=mongodb://127.0.0.1:$mongo_port/app_create

make_store() {
    "$appctl" --store "$store" init >/dev/null
    organization=$("$appctl" --json --store "$store" org create --name Test --slug test |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
    "$appctl" --json --store "$store" key create --org test --owner 507f1f77bcf86cd799439016 |
        python3 -c 'import json, sys; print("header = \"Authorization: Bearer %s\"" % json.load(sys.stdin)["token"])' \
            >"$work/curlrc"
}

source=$root/nginx-conf/$name.conf
if [[ $name == added ]]; then
    source=$work/source.conf
    {
        echo "user www-data; pid /run/nginx.pid; error_log /var/log/nginx/error.log;"
        cat "$root/nginx-conf/modules-available/50-mod-http-app-create.conf"
        echo "events {} http {"
        cat "$root/nginx-conf/conf.d/app-create.conf"
        echo "server { listen 127.0.0.1:8080;"
        cat "$root/nginx-conf/snippets/app-create.conf"
        echo "}}"
    } | sed "s|load_module modules/|load_module /usr/lib/nginx/modules/|" >"$source"
fi
sed -e "s|/path/to/nginx-app-create/build/quickstart|$work/store|" \
    -e "s|/path/to/nginx-app-create/build/ngx_http_app_create_module.so|$module|" \
    -e "s|/usr/lib/nginx/modules/ngx_http_app_create_module.so|$module|" \
    -e "s|/var/lib/app-create|$work/store|" \
    -e "s|/etc/nginx/app-create.uri|$work/app-create.uri|" \
    -e "s|/etc/ssl/app-create|$work/tls|" \
    -e "s|/var/log/nginx|$work|" \
    -e "s|/run/nginx.pid|$work/nginx.pid|" \
    -e "s|127.0.0.1:8080|127.0.0.1:$port|" \
    -e "s|127.0.0.1:3000|127.0.0.1:$upstream|" \
    -e "s|127.0.0.1:9145|127.0.0.1:$watch_port|" \
    -e '/listen *\[::\]/d' \
    -e "s/listen\( *\)\(443\|8080\)/listen\1127.0.0.1:$port/" \
    -e "s/ buffer=64k flush=1s//" \
    "$source" >"$conf"
# Without root there is no other user to become, and nginx says so.
[[ $(id -u) -eq 0 ]] || sed -i '/^user /d' "$conf"

start=("$nginx" -p "$work" -e error.log -c "$conf")
check_configuration() {
    "${start[@]}" -t >"$work/test.log" 2>&1 || fail "nginx -t"
    [[ $(wc -l <"$work/test.log") -eq 2 ]] || fail "nginx -t has something to say"
}
