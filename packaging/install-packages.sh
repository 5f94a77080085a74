#!/usr/bin/env bash
# The one place that lists the Debian packages of this project.
#
#   packaging/install-packages.sh [runtime|build|quickstart|test|bench]...
#
# Installs what is missing and nothing else: with everything there it needs neither root nor a network.
# shellcheck disable=SC2034 # the lists are used by name
set -euo pipefail

# What a built module and appctl need.
runtime=(nginx libsqlite3-0 libicu72 libssl3 libmongoc-1.0-0)
build=("${runtime[@]}"
       g++ cmake ninja-build pkg-config make nginx-dev libboost1.81-dev libsqlite3-dev libicu-dev libssl-dev
       libmongoc-dev libpcre2-dev zlib1g-dev)
quickstart=("${build[@]}" curl jq)
test=("${quickstart[@]}"
      ca-certificates git python3 openssl sqlite3
      libgtest-dev libgmock-dev libcmocka-dev libjansson-dev libcurl4-openssl-dev libnghttp2-dev
      clang-format clang-tidy shellcheck
      valgrind strace libfaketime procps util-linux)
bench=("${build[@]}" ca-certificates python3 util-linux libbenchmark-dev libjansson-dev wrk)

usage() {
    sed -n '2,7s/^# \{0,1\}//p' "$0"
}

is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

wanted=()
for list in "${@:-build}"; do
    case $list in
        runtime | build | quickstart | test | bench)
            declare -n packages=$list
            wanted+=("${packages[@]}")
            # Any of these serves, from Debian or not: cargo gets the sources of a second nginx, maven and a JDK the
            # MongoDB server of the tests and of the benchmark.
            if [[ $list == test ]]; then
                command -v cargo >/dev/null || wanted+=(cargo)
            fi
            if [[ $list == test || $list == bench ]]; then
                command -v javac >/dev/null || wanted+=(default-jdk-headless)
                command -v mvn >/dev/null || wanted+=(maven)
            fi
            # The same for the languages of the services that the benchmark compares with.
            if [[ $list == bench ]]; then
                command -v npm >/dev/null || wanted+=(nodejs npm)
                command -v go >/dev/null || wanted+=(golang-go)
            fi
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        *)
            echo "install-packages.sh: unknown list \"$list\"; use runtime, build, quickstart, test or bench" >&2
            exit 2
            ;;
    esac
done

missing=()
for package in "${wanted[@]}"; do
    is_installed "$package" || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "install-packages.sh: no apt-get here; install what corresponds to: ${missing[*]}" >&2
    exit 1
fi
if [[ $(id -u) -ne 0 ]]; then
    echo "install-packages.sh: must be root to install packages; run as root:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp /tmp/install-packages.XXXXXX.log)
echo "installing: ${missing[*]}"
# A mirror that fails once is asked again; another apt (unattended upgrades) is waited for.
options=(-q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
if ! { apt-get "${options[@]}" update &&
    apt-get "${options[@]}" install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    echo "install-packages.sh: apt-get failed, see $log" >&2
    exit 1
fi
rm -f "$log"
