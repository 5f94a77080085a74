#!/usr/bin/env bash
# Creates an application with curl and jq: create.sh NAME
# GATEWAY, ORGANIZATION and TOKEN say where, for whom, and with which key.
set -euo pipefail

name=${1:?usage: create.sh NAME}
body=$(jq -cn --arg name "$name" '{name: $name, configuration: {notificationLanguage: "en"}}')
key=$(cat /proc/sys/kernel/random/uuid) # the same in each attempt: however often it is sent, it creates once
answer=$(mktemp)
head=$(mktemp)
trap 'rm -f "$answer" "$head"' EXIT

for attempt in 1 2 3 4 5; do
    # The token comes on standard input: arguments can be seen in the list of processes.
    status=$(curl -sS -o "$answer" -D "$head" -w '%{http_code}' --max-time 10 -K - -X POST \
        -H 'Content-Type: application/json' -H "Idempotency-Key: $key" --data-binary "$body" \
        "$GATEWAY/v1/organizations/$ORGANIZATION/apps" <<<"header = \"Authorization: Bearer $TOKEN\"") || status=000
    case $status in
        200)
            jq -r '.data | "\(.id) \(.slug)"' "$answer"
            exit 0
            ;;
        000 | 409 | 425 | 429 | 503) # nothing is known, or it is to be repeated
            seconds=$(sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]*\).*/\1/p' "$head")
            [[ $attempt == 5 ]] || sleep "${seconds:-1}"
            ;;
        *)
            jq -r '.error | "\(.code) \(.message)", (.data.errors[]? | "\(.pointer): \(.message)")' "$answer" >&2
            exit 1
            ;;
    esac
done
echo "gave up after $attempt attempts, the last one with status $status; it may exist" >&2
exit 1
