#!/usr/bin/env bash
# usage: check-migration.sh NGINX MODULE APPCTL
#
# nginx-conf/migrate.conf, the whole way: as it is shipped, with each step's lines changed as the file says, and back. In
# each step it is known who answers a create and who has it; differences are counted and written down.
set -euo pipefail

name=migrate nginx=$1 module=$2 appctl=$3
# shellcheck source=tests/conf/prepare.sh
. "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"
make_store
"$appctl" --store "$store" org create --name Other --slug other >/dev/null
"$appctl" --json --store "$store" key create --org other --owner 507f1f77bcf86cd799439016 |
    python3 -c 'import json, sys; print("header = \"Authorization: Bearer %s\"" % json.load(sys.stdin)["token"])' \
        >"$work/otherrc"
python3 "$root/tests/conf/existing_api.py" "$upstream" >"$work/api.log" 2>"$work/api-errors.log" &
server_pid=$!
for ((i = 0; i < 300; i++)); do
    ! (exec 3<>"/dev/tcp/127.0.0.1/$upstream") 2>/dev/null || break
    sleep 0.1
done

base=http://127.0.0.1:$port/v1/organizations
curl=(curl -sS --noproxy '*' --max-time 30 -o "$work/answer.log" -w '%{http_code}')
# create ORGANIZATION BODY [OPTION...]: the status
create() {
    local rc=$work/curlrc
    [[ $1 != other ]] || rc=$work/otherrc
    "${curl[@]}" -K "$rc" -H 'Content-Type: application/json' -d "$2" "${@:3}" "$base/$1/apps"
}
expect_create() {
    local status
    status=$(create "${@:2}")
    [[ $status == "$1" ]] || fail "$step: a create in $2 is answered with $status, not $1"
}
expect_applications() {
    local made
    made=$("$appctl" --json --store "$store" app count --org "$1" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["count"])')
    [[ $made == "$2" ]] || fail "$step: $1 has $made applications here, not $2"
}
# expect_metric SAMPLE VALUE: a request is counted when the last of it is done.
expect_metric() {
    local i
    for ((i = 0; i < 100; i++)); do
        curl -sS --noproxy '*' "http://127.0.0.1:$watch_port/metrics" >"$work/metrics.log"
        ! grep -qxF "$1 $2" "$work/metrics.log" || return 0
        sleep 0.1
    done
    fail "$step: $1 is not $2"
}
shadows() {
    printf 'app_create_shadow_answers_total{result="%s",status="%s",code="%s",original_status="%s",original_code="%s"}' "$@"
}
workers() { pgrep -P "$(cat "$work/nginx.pid")" | sort; }
# nginx goes on with the file as it is now.
reload() {
    check_configuration
    local i before
    before=$(workers)
    "${start[@]}" -s reload
    for ((i = 0; i < 300; i++)); do
        [[ -z $(workers) || -n $(comm -12 <(workers) <(echo "$before")) ]] || return 0
        sleep 0.1
    done
    fail "$step: the former workers do not end"
}
# change SED-EXPRESSION: a line of the file is another one.
change() {
    cp "$conf" "$work/before.conf"
    sed -i -e "$1" "$conf"
    ! cmp -s "$conf" "$work/before.conf" || fail "$step: nothing to change, $1"
    reload
}

step="step 1"
check_configuration
cp "$conf" "$work/step1.conf"
"${start[@]}" >"$work/start.log" 2>&1 || fail "nginx does not start"
expect_create 201 test '{"name":"One"}'
grep -q '"from":"api"' "$work/answer.log" || fail "the API's answer is another one"
expect_create 201 other '{"name":"One"}' -H 'Idempotency-Key: one'
expect_metric "$(shadows same 200 0 201 0)" 2
expect_create 201 test '{"name":""}'
expect_create 201 nobody '{"name":"One"}'
expect_metric "$(shadows different 400 3000 201 0)" 1
expect_metric "$(shadows different 404 3001 201 0)" 1
expect_metric 'app_create_mode_requests_total{mode="off"}' 4
expect_metric 'app_create_mode_requests_total{mode="validate"}' 4
expect_applications test 0
expect_applications other 0
[[ $(grep -c ^POST "$work/api.log") -eq 4 ]] || fail "the API was not asked once for each create"
python3 - "$work/differences.log" <<'END' || fail "the log of differences is not as it should be"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
found = [(line["organization"], line["status"], line["shadow_status"], line["shadow_code"]) for line in lines]
assert found == [("test", 201, 400, 3000), ("nobody", 201, 404, 3001)], found
END
status=$("${curl[@]}" "$base/test/apps")
[[ $status == 200 && $(grep -c ^GET "$work/api.log") -eq 1 ]] || fail "GET is answered with $status"
status=$("${curl[@]}" -X POST -d '{}' "http://127.0.0.1:$port/app_create_validate")
[[ $status == 404 ]] || fail "the copy's location is open to clients: $status"

step="step 2, one organization"
change 's/^    #   test  /        test  /'
expect_create 200 test '{"name":"Two"}'
expect_create 201 other '{"name":"Two"}'
expect_applications test 1
expect_applications other 0

step="step 2, a percentage"
change 's/^    #   10%  /        10%  /'
here=
for ((i = 0; i < 60; i++)); do
    # Keys of none of these: who is asked here gets 404.
    status=$(create "organization-$i" '{"name":"Two"}')
    [[ $status == 404 || $status == 201 ]] || fail "$step: $status"
    [[ $status != 404 ]] || here+=" $i"
done
[[ -n $here && $(wc -w <<<"$here") -lt 30 ]] || fail "$step: these are created here:$here"
change 's/^        10%  /        50%  /'
for i in $here; do expect_create 404 "organization-$i" '{"name":"Two"}'; done

step="step 3"
change 's/^\(        \*  *\)off;/\1create;/'
asked=$(grep -c ^POST "$work/api.log")
expect_create 200 test '{"name":"Three"}'
expect_create 200 other '{"name":"Three"}'
expect_applications test 2
expect_applications other 1
[[ $(grep -c ^POST "$work/api.log") -eq $asked ]] || fail "the API was asked for creates that are made here"
status=$("${curl[@]}" "$base/test/apps")
[[ $status == 200 ]] || fail "GET is answered with $status"

step="back"
cp "$work/step1.conf" "$conf"
reload
expect_create 201 test '{"name":"Four"}'
expect_create 201 other '{"name":"Four"}'
expect_applications test 2
expect_applications other 1

"$appctl" --store "$store" check >"$work/check.log" || fail "appctl check finds something"
! grep -E '\[(alert|emerg|crit|error)\]' "$work/error.log" || fail "the error log has errors"
echo "$name.conf works"
