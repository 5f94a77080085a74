#!/usr/bin/env bash
# Builds everything and runs every test; with an argument only those whose name it is (a regular expression). One that
# begins with a suite and a dot builds only what that suite needs, or that part of it.
#
#   tests/run.sh                     all of them
#   tests/run.sh integration.reload  that one
#   tests/run.sh '^unit\.'           a suite
#
# Installs what is missing first, as root. Results are in build/test-results, as JUnit XML too. Ends with ctest's
# summary; skipped tests are listed with their reasons.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$root/build
results=$build/test-results

if [[ ${1:-} == -h || ${1:-} == --help || $# -gt 1 ]]; then
    sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    [[ $# -eq 1 ]] && exit 0 || exit 2
fi

step() {
    echo "== $1 ($((SECONDS / 60))m$((SECONDS % 60))s)"
}

step "packages"
"$root/packaging/install-packages.sh" test

step "build"
# tests/debian builds the same again, with this cache.
if [[ -z ${CCACHE_DIR:-} ]] && command -v ccache >/dev/null; then
    export CCACHE_DIR=$build/ccache CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=locale
    export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
generator=()
[[ -f $build/CMakeCache.txt ]] || generator=(-G Ninja)
mkdir -p "$build"
# Targets that build what the wanted tests need: suite_SUITE.PART of each part whose name begins so, or suite_SUITE.
# None: everything is built.
targets_of() {
    local known
    known=$(cmake --build "$build" --target help | sed -nE 's/^(\.\.\. )?(suite_[^:]+).*/\2/p')
    if [[ $1 =~ ^\^?([a-z-]+)\\?\.([A-Za-z0-9_]+)(\\?\.[A-Za-z0-9_/]*)?\$?$ ]]; then
        grep -xE "suite_${BASH_REMATCH[1]}\.${BASH_REMATCH[2]}\w*" <<<"$known" && return
    fi
    if [[ $1 =~ ^\^?([a-z-]+)\\?\.[^\|]*$ ]]; then
        grep -x "suite_${BASH_REMATCH[1]}" <<<"$known"
    fi
}
build_what_is_needed() {
    # Where there is a build, it configures itself again when it has to.
    if ! grep -qs '^APP_CREATE_TESTS:BOOL=ON' "$build/CMakeCache.txt" || [[ ! -f $build/build.ninja ]]; then
        cmake -S "$root" -B "$build" "${generator[@]}" -D APP_CREATE_TESTS=ON || return
    fi
    local targets=()
    [[ $# -eq 0 ]] || mapfile -t targets < <(targets_of "$1")
    cmake --build "$build" ${targets:+--target "${targets[@]}"}
}
if ! build_what_is_needed "$@" >"$build/build.log" 2>&1; then
    grep -A20 -E 'FAILED|CMake Error' "$build/build.log" | head -n 60 >&2 || tail -n 40 "$build/build.log" >&2
    echo "run.sh: the build failed, see $build/build.log" >&2
    exit 1
fi

# What a test program writes itself lies beside ctest's own results. %g is the name of a group of tests.
rm -rf "$results"
mkdir -p "$results"
export CMOCKA_MESSAGE_OUTPUT=xml CMOCKA_XML_FILE=$results/cmocka-%g.xml

# libmongoc's counters: a killed process leaves its file in /dev/shm, and the next one with its number warns on stderr.
export MONGOC_DISABLE_SHM=1

step "tests"
select=()
[[ $# -eq 0 ]] || select=(-R "$1")
status=0
# One more than CPUs: clang-tidy runs beside the others, and those that start servers mostly wait.
ctest --test-dir "$build" -j"$(($(nproc) + 1))" --output-on-failure --no-tests=error --output-junit "$results/ctest.xml" "${select[@]}" \
    2>&1 | tee "$results/ctest.log" || status=$?

if [[ -f $results/ctest.xml ]]; then
    step "end"
    python3 "$root/tests/skipped.py" "$results/ctest.xml"
    # The support matrix: this machine, and where else tests ran.
    # shellcheck source=/dev/null
    echo "ran on: $(. /etc/os-release && echo "$PRETTY_NAME"), $(nginx -v 2>&1 | sed 's/.*version: //')," \
        "$(c++ --version | head -n 1), libmongoc $(pkg-config --modversion libmongoc-1.0): all of the above"
    cat "$results"/ran-on/* 2>/dev/null | sed 's/^/        /' || true
fi
grep -E 'tests passed|No tests were found' "$results/ctest.log" || true
exit "$status"
