#!/usr/bin/env bash
# Runs the MongoDB wire server of the tests on 127.0.0.1 until it is killed; prints its port first.
#
#   tests/mongo/start-server.sh [PORT [CERTIFICATE.pem KEY.pem]]     PORT 0, the default: a free one
#
# APP_CREATE_MONGO_SERVER_DIR says where it is built (build/mongo-server), APP_CREATE_MONGO_SERVER_JVM replaces the
# options of the JVM. With the two files it speaks TLS.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=${APP_CREATE_MONGO_SERVER_DIR:-$here/../../build/mongo-server}
"$here/prepare.sh" "$directory"
[[ $# -gt 0 ]] || set -- 0

# The client compiler and the serial collector start fastest, and leave the cores to what is tested.
read -ra options <<<"${APP_CREATE_MONGO_SERVER_JVM:--XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx1g}"
exec java "${options[@]}" -cp "$directory/classes:$directory/lib/*" TestServer "$@"
