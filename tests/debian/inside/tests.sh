#!/usr/bin/env bash
# The quickstart on a machine without nginx (quickstart.sh). From the sources: the blocks of docs/install.md, then the unit
# and ABI tests and a part of the integration suite, with the compiler, libraries and nginx of this Debian.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

"$(dirname "${BASH_SOURCE[0]}")/quickstart.sh"
echo "quickstart ($SECONDS s)"
! grep -q 'warning:' build/quickstart/quickstart.log || fail "the compiler warns: $(grep -m1 'warning:' build/quickstart/quickstart.log)"

serve_a_site
watch_site
run_blocks
for application in "My first application" "My second application"; do
    grep -q "\"status\":true.*\"name\":\"$application\"" /results/blocks.log || fail "\"$application\" was not created"
done
watched
watch_end
quietly service nginx restart
[[ ! -e /usr/lib/nginx/modules/ngx_http_app_create_module.so && ! -e /usr/local/bin/appctl ]] || fail "not all was removed"
! grep -q 'warning:' /results/blocks.log || fail "the compiler warns: $(grep -m1 'warning:' /results/blocks.log)"
echo "built and installed from the sources ($SECONDS s)"

quietly packaging/install-packages.sh checks
quietly cmake -S . -B build -D APP_CREATE_TESTS=ON
quietly cmake --build build --target suite_unit store_tests integration_tests tests/abi/all
echo "tests built ($SECONDS s)"
service nginx stop >/dev/null
status=0
ctest --test-dir build -j2 --no-tests=error --output-on-failure \
    -R "^(unit\\.|store\\.sqlite\\.|abi\\.[^v]|integration\\.($1)\$)" >/results/ctest.log 2>&1 || status=$?
if [[ $status -ne 0 ]]; then
    grep -E 'Failed|\*\*\*|FAILED|Failure' /results/ctest.log | tail -n 40 >&2
    fail "tests on this Debian"
fi
grep 'tests passed' /results/ctest.log
say_where "the quickstart, docs/install.md from the sources, $(sed -n 's/.* out of \([0-9]*\)$/\1/p' /results/ctest.log) unit, ABI and integration tests," \
    "$(c++ --version | head -n 1), libmongoc $(pkg-config --modversion libmongoc-1.0), ICU $(pkg-config --modversion icu-uc)"
