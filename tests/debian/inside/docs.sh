#!/usr/bin/env bash
# The blocks of README.md and docs/install.md, in order, on a bare Debian whose nginx serves a site. What they build
# stays in /results/packages.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

serve_a_site
watch_site
run_blocks
for application in "My first application" "My second application"; do
    grep -q "\"status\":true.*\"name\":\"$application\"" /results/blocks.log || fail "\"$application\" was not created"
done
watched
watch_end
quietly service nginx restart
[[ ! -e /etc/nginx/conf.d/app-create.conf ]] || fail "something is left in conf.d"
[[ -d /results/packages ]] || cp -r build/packages /results/packages
[[ -s /var/lib/app-create/apps.db ]] || fail "the store went with the package"
say_where "README.md and docs/install.md with packages"
