#!/usr/bin/env bash
# The one place that lists the Debian packages of this project.
#
#   packaging/install-packages.sh [runtime|build|packages|quickstart|checks|test|bench]...
#
# Installs what is missing and nothing else: with everything there it needs neither root nor a network.
# shellcheck disable=SC2034 # the lists are used by name
set -euo pipefail

# A|B is whichever of the two this release of Debian has: the first names are Debian 12's, the second Debian 13's.

# What a built module and appctl need.
runtime=(nginx libsqlite3-0 'libicu72|libicu76' 'libssl3|libssl3t64' 'libmongoc-1.0-0|libmongoc-1.0-0t64' libjansson4)
build=("${runtime[@]}"
       g++ cmake ninja-build pkg-config make nginx-dev 'libboost1.81-dev|libboost1.83-dev' libsqlite3-dev libicu-dev libssl-dev
       libmongoc-dev libjansson-dev libpcre2-dev zlib1g-dev)
packages=("${build[@]}" debhelper dpkg-dev fakeroot)
quickstart=("${build[@]}" curl jq)
# What the unit, ABI and integration tests are made of.
checks=("${quickstart[@]}"
        ca-certificates python3 openssl sqlite3
        libgtest-dev libgmock-dev libcmocka-dev libcurl4-openssl-dev libnghttp2-dev
        strace libfaketime procps util-linux)
test=("${checks[@]}" "${packages[@]}"
      git python3-venv clang-format clang-tidy shellcheck valgrind
      ccache mmdebstrap lintian prometheus chromium
      podman runc conmon netavark aardvark-dns iptables
      groff-base zsh fish)
bench=("${build[@]}" ca-certificates python3 util-linux libbenchmark-dev wrk)

usage() {
    sed -n '2,7s/^# \{0,1\}//p' "$0"
}

is_installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

wanted=()
for list in "${@:-build}"; do
    case $list in
        runtime | build | packages | quickstart | checks | test | bench)
            declare -n names=$list
            wanted+=("${names[@]}")
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
            echo "install-packages.sh: unknown list \"$list\"; use runtime, build, packages, quickstart, checks, test or bench" >&2
            exit 2
            ;;
    esac
done

any_is_installed() {
    local alternatives name
    IFS='|' read -ra alternatives <<<"$1"
    for name in "${alternatives[@]}"; do
        if is_installed "$name"; then return 0; fi
    done
    return 1
}

# Prints the first of A|B that apt knows, else the whole of it.
choose() {
    local alternatives name
    IFS='|' read -ra alternatives <<<"$1"
    if [[ ${#alternatives[@]} -gt 1 ]]; then
        for name in "${alternatives[@]}"; do
            if [[ -n $(apt-cache madison "$name" 2>/dev/null) ]]; then
                echo "$name"
                return
            fi
        done
    fi
    echo "$1"
}

missing=()
for package in "${wanted[@]}"; do
    any_is_installed "$package" || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "install-packages.sh: no apt-get here; install what corresponds to: ${missing[*]}" >&2
    exit 1
fi
if [[ $(id -u) -ne 0 ]]; then
    echo "install-packages.sh: must be root to install packages; run as root:" >&2
    echo "  apt-get install --no-install-recommends $(for one in "${missing[@]}"; do choose "$one"; done | xargs)" >&2
    exit 1
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp /tmp/install-packages.XXXXXX.log)
# A mirror that fails once is asked again; another apt (unattended upgrades) is waited for.
options=(-q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
quietly() {
    if ! "$@" >>"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        echo "install-packages.sh: apt-get failed, see $log" >&2
        exit 1
    fi
}

quietly apt-get "${options[@]}" update
for i in "${!missing[@]}"; do
    name=$(choose "${missing[i]}")
    if [[ $name == *'|'* ]]; then
        echo "install-packages.sh: this release has neither of ${name//|/ and }; Debian 12 and 13 do" >&2
        exit 1
    fi
    missing[i]=$name
done

# An nginx that was not there before must not serve Debian's page on port 80 of all addresses because of this, nor a
# Prometheus listen on 9090: of that the tests want the programs alone.
policy=/usr/sbin/policy-rc.d
holds_nginx=
holds_prometheus=
if [[ ! -e $policy ]]; then
    [[ " ${missing[*]} " != *" nginx "* ]] || holds_nginx=1
    [[ " ${missing[*]} " != *" prometheus "* ]] || holds_prometheus=1
fi
if [[ -n $holds_nginx$holds_prometheus ]]; then
    trap 'rm -f "$policy"' EXIT
    # shellcheck disable=SC2016 # for the policy's own shell
    printf '#!/bin/sh\ncase ${1%%.service} in nginx | prometheus) exit 101 ;; esac\n' >"$policy"
    chmod 755 "$policy"
fi

echo "installing ${#missing[@]} packages and what they need: ${missing[*]}"
quietly apt-get "${options[@]}" install --no-install-recommends "${missing[@]}"
[[ -z $holds_prometheus ]] || update-rc.d prometheus disable >>"$log" 2>&1 || true
if [[ -n $holds_nginx ]]; then
    update-rc.d nginx disable >>"$log" 2>&1 || true
    echo "nginx is installed and does not run; for it to serve, now and after a restart: systemctl enable --now nginx"
fi
rm -f "$log"
