#!/bin/sh
# Tests of @NAME@, without orchestrate: sh test_@NAME@.sh
set -eu
collector="$(cd "$(dirname "$0")" && pwd)/@NAME@"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/files"
printf xyz >"$scratch/files/say \"a\""

ORCHESTRATE_EVENTS="$scratch/events" "$collector" --path "$scratch/files"
grep -qF '{"type":"record","collection":"@COLLECTION@","key":"say \"a\"","data":{"bytes":3}}' "$scratch/events"
grep -qF '{"type":"state","data":{"files":1}}' "$scratch/events"

code=0
ORCHESTRATE_EVENTS="$scratch/failed" "$collector" --path /nonexistent 2>/dev/null || code=$?
[ "$code" = 69 ]
grep -qF '"type":"failure","category":"network"' "$scratch/failed"

code=0
"$collector" --wrong >/dev/null 2>&1 || code=$?
[ "$code" = 64 ]
printf 'ok\n'
