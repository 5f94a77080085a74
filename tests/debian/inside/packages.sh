#!/usr/bin/env bash
# The packages of /results/packages on a bare Debian whose nginx serves a site: install, create, upgrade while nginx
# serves, remove with the site still naming the snippet, install again, purge. Before that its store is broken and mended in
# the words of docs/operations.md. nginx works at each step, also when it is started again.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

module=libnginx-mod-http-app-create
site=/etc/nginx/sites-available/default

create() {
    curl -sS -o /results/answer -w '%{http_code}' http://127.0.0.1/v1/organizations/acme/apps \
        -K /results/curlrc -H "Content-Type: application/json" -d "{\"name\": \"$1\"}"
}

# A reload is done a moment after the command, on a busy machine a long one.
soon() {
    for ((attempt = 0; attempt < 100; attempt++)); do
        if "$@"; then return 0; fi
        sleep 0.1
    done
    return 1
}
is_created() { [[ $(create "$1") == 200 ]]; }
created() { soon is_created "$1"; }

# Nothing wrong with nginx's configuration, the site there, after a restart too.
nginx_works() {
    quietly nginx -t
    [[ $(curl -s http://127.0.0.1/ -o /dev/null -w '%{http_code}') == 200 ]] || fail "$1: the site is not served"
    pgrep -x nginx >/dev/null || fail "$1: nginx does not run"
}

# The NUMBER-th block of KIND of a PAGE, as it stands, is run.
run_block() {
    local text
    text=$(awk -v mark="<!-- run: $2 -->" -v number="$3" '
        $0 == mark { block++ }
        block == number && /^```/ { fences++; next }
        block == number && fences == 1' "$1")
    [[ -n $text ]] || fail "$1 has no block $3 of the kind $2"
    quietly bash -eo pipefail -c "$text"
}

# The store cannot be used: creates get 503 soon, "nginx -t" says why in one line with $1, and a reload is taken all the same.
is_refused() { [[ $(create "Refused") == 503 ]]; }
broken() {
    soon is_refused || fail "creates are answered although $1"
    nginx -t >/results/tested 2>&1 || fail "nginx -t does not take it that $1"
    [[ $(grep -c '\[warn\] .*app_create_store .* answers 503 until this is mended' /results/tested) == 1 ]] ||
        fail "nginx -t does not warn that $1: $(cat /results/tested)"
    grep -F "$1" /results/tested >/dev/null || fail "nginx -t does not say: $1: $(cat /results/tested)"
    quietly service nginx reload
}

serve_a_site
watch_site
mkdir -p build
cp -r /results/packages build/packages
ls build/packages/*.deb

quietly apt-get install -y "./$(ls build/packages/${module}_*.deb)" "./$(ls build/packages/appctl_*.deb)"
nginx_works "after the installation"
dpkg-query -W -f '${Depends}\n' $module | grep 'nginx-abi-' >/dev/null || fail "no dependency on nginx's binary interface"
[[ $(stat -c '%U:%G %a' /var/lib/app-create) == "www-data:www-data 750" ]] || fail "the store's directory"
grep -q RequiresMountsFor=/var/lib/app-create /usr/lib/systemd/system/nginx.service.d/app-create.conf || fail "no drop-in"
[[ -L /etc/nginx/modules-enabled/50-mod-http-app-create.conf ]] || fail "the module is not enabled"

export APP_CREATE_STORE=sqlite:/var/lib/app-create/apps.db
quietly appctl init
quietly appctl org create --name Acme --slug acme
appctl --json key create --org acme --owner 507f1f77bcf86cd799439011 |
    sed -n 's/.*"token": *"\([^"]*\)".*/header = "Authorization: Bearer \1"/p' >/results/curlrc
sed -i '/^\tserver_name _;/a\    include snippets/app-create*.conf;' $site
quietly service nginx reload
created "One" || fail "no application was created: $(cat /results/answer)"

echo "== break and mend ($SECONDS s)"
mkdir -p /backup
quietly appctl backup "/backup/apps-$(date +%F).db"
chown -R root:root /var/lib/app-create
broken "cannot be written by user \"www-data\""
run_block docs/operations.md mend 1
created "Owned" || fail "no application after the owner was mended: $(cat /results/answer)"
mv /var/lib/app-create /var/lib/away
broken "directory \"/var/lib/app-create\" does not exist"
mv /var/lib/away /var/lib/app-create
created "Moved" || fail "no application after the directory was moved back: $(cat /results/answer)"
# A page that is in the log still would mend the file.
log_is_empty() { [[ ! -s /var/lib/app-create/apps.db-wal ]]; }
soon log_is_empty || true
dd if=/dev/zero of=/var/lib/app-create/apps.db bs=512 count=1 conv=notrunc status=none
broken "does not begin as an SQLite database does"
run_block docs/operations.md mend 2
created "Restored" || fail "no application after the restore: $(cat /results/answer)"
quietly appctl check
nginx_works "after the store was mended"

echo "== upgrade ($SECONDS s)"
before=$(cat /run/nginx.pid)
inode=$(stat -c %i /usr/lib/nginx/modules/ngx_http_app_create_module.so)
echo '# changed by the operator' >>/etc/nginx/conf.d/app-create.conf
for name in $module appctl; do
    dpkg-deb -R build/packages/${name}_*.deb "/tmp/$name"
    sed -i 's/^Version: .*/&+1/; s/(= \([^)]*\))/(= \1+1)/' "/tmp/$name/DEBIAN/control"
    dpkg-deb -b "/tmp/$name" "/tmp/$name.deb" >/dev/null
    rm build/packages/${name}_*.deb
    cp "/tmp/$name.deb" "build/packages/${name}_next.deb"
done
run_block docs/install.md upgrade 1
nginx_works "after the upgrade"
[[ $(stat -c %i /usr/lib/nginx/modules/ngx_http_app_create_module.so) != "$inode" ]] || fail "the module was written in place"
for ((i = 0; i < 100; i++)); do
    [[ $(cat /run/nginx.pid 2>/dev/null) == "$before" ]] || break
    sleep 0.1
done
[[ $(cat /run/nginx.pid) != "$before" ]] || fail "the old module is still loaded: nginx's program was not changed"
! grep -q "ngx_http_app_create_module.so (deleted)" "/proc/$(cat /run/nginx.pid)/maps" || fail "the old module is mapped"
created "Two" || fail "no application after the upgrade: $(cat /results/answer)"
tail -n 1 /etc/nginx/conf.d/app-create.conf | grep operator >/dev/null || fail "the operator's configuration is lost"

echo "== remove, with the snippet still named in the site"
quietly apt-get remove -y $module
nginx_works "after the removal"
is_gone() { [[ $(create "Gone") == 40[45] ]]; }
soon is_gone || fail "the module still answers"

echo "== install again"
quietly apt-get install -y /tmp/$module.deb
nginx_works "after the second installation"
created "Three" || fail "no application after the second installation: $(cat /results/answer)"
created "Four" || fail "no application after the second installation: $(cat /results/answer)"
tail -n 1 /etc/nginx/conf.d/app-create.conf | grep operator >/dev/null || fail "the operator's configuration is lost"

echo "== purge"
quietly apt-get purge -y $module
nginx_works "after the purge"
[[ -s /var/lib/app-create/apps.db ]] || fail "the purge removed records"
[[ $(appctl --json app count --org acme | tr -dc 0-9) -ge 4 ]] || fail "records are missing"
find /etc/nginx -name '*app-create*' | grep . && fail "the purge left files in /etc/nginx"
watch_end

# With nothing of it left, nginx starts as it did before.
quietly service nginx restart
nginx_works "after a restart"
say_where "packages installed, upgraded, removed and purged under a running nginx"
