#!/bin/sh
# @NAME@: the files of a directory, one record each.
#
# A template that works: replace the loop by what you want to know.
#
#   @NAME@ [--path DIR]
#
# Exit codes: 0 done, 64 wrong arguments, 69 something is not reachable, 75 try again
# later, 1 anything else. What the exit code cannot say goes into a failure event.
set -eu

# Run by hand, without orchestrate, events go to standard output.
events="${ORCHESTRATE_EVENTS:-/dev/stdout}"

# A text as JSON: quotes, backslashes and control characters escaped.
json() {
    printf '%s' "$1" | LC_ALL=C awk '
        BEGIN { for (i = 1; i < 32; i++) escape[sprintf("%c", i)] = sprintf("\\u%04x", i)
                escape["\""] = "\\\""; escape["\\"] = "\\\\"; printf "\"" }
        { if (NR > 1) printf "\\n"
          n = split($0, c, ""); for (i = 1; i <= n; i++) printf "%s", (c[i] in escape) ? escape[c[i]] : c[i] }
        END { print "\"" }'
}

fail() { # CATEGORY EXIT-CODE MESSAGE
    printf '{"type":"failure","category":"%s","message":%s}\n' "$1" "$(json "$3")" >>"$events"
    printf 'error: %s\n' "$3" >&2
    exit "$2"
}

path=.
while [ $# -gt 0 ]; do
    case "$1" in
    --path) [ $# -ge 2 ] || fail usage 64 "--path needs a directory"; path=$2; shift 2 ;;
    *) fail usage 64 "unknown argument $1" ;;
    esac
done

[ -d "$path" ] || fail network 69 "there is no directory $path"
# What the last successful run left, or nothing the first time.
printf 'collecting %s, state %s\n' "$path" "${ORCHESTRATE_STATE:-none}"
count=0
for file in "$path"/*; do
    [ -f "$file" ] || continue
    count=$((count + 1))
    printf '{"type":"record","collection":"@COLLECTION@","key":%s,"data":{"bytes":%d}}\n' \
        "$(json "${file##*/}")" "$(wc -c <"$file")" >>"$events"
    printf '{"type":"progress","current":%d}\n' "$count" >>"$events"
done
printf '{"type":"state","data":{"files":%d}}\n' "$count" >>"$events"
printf '%d records\n' "$count"
