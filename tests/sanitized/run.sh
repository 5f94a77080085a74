#!/usr/bin/env bash
# usage: run.sh DIRECTORY COMMAND...
#
# Runs a test program against the nginx that sanitized-nginx.sh made in DIRECTORY. Exit status 77: there is none.
# Reports go to the error log (a process that has one aborts, which nginx logs as an alert) and, those of
# AddressSanitizer and LeakSanitizer, into files that fail the test by being there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
directory=$1
shift

if [[ ! -x $directory/objs/nginx ]]; then
    echo "skipped: no sanitized nginx, see the test sanitized.build"
    exit 77
fi

# Workers of another user write there too, wherever the build directory is.
reports=$(mktemp -d /tmp/app-create-reports.XXXXXX)
chmod 1777 "$reports"
cp "$here/leaks.supp" "$reports/leaks.supp"
chmod 644 "$reports/leaks.supp"

export APP_CREATE_TEST_NGINX=$directory/objs/nginx
export APP_CREATE_TEST_MODULE=$directory/objs/ngx_http_app_create_module.so
# A small quarantine, so that memory that stays can be told from memory that is lost.
# verify_asan_link_order: tests that preload a library (libfaketime) mean it.
export ASAN_OPTIONS="abort_on_error=1:detect_leaks=1:quarantine_size_mb=32:detect_stack_use_after_return=1:verify_asan_link_order=0:log_path=$reports/asan"
export LSAN_OPTIONS="suppressions=$reports/leaks.supp:print_suppressions=0"
export UBSAN_OPTIONS="abort_on_error=1:print_stacktrace=1"

status=0
"$@" || status=$?

if compgen -G "$reports/asan.*" >/dev/null; then
    echo "reports of the sanitizers:"
    cat "$reports"/asan.*
    status=1
fi
rm -rf "$reports"
exit "$status"
