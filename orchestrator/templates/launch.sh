#!/bin/sh
# Builds @NAME@ if it has changed, and becomes it. Where there is no cargo, put the
# binary here instead: target/release/@NAME@.
here="$(cd "$(dirname "$0")" && pwd)"
cargo build --release --quiet --manifest-path "$here/Cargo.toml" --target-dir "$here/target" >&2 || exit 78
exec "$here/target/release/@NAME@" "$@"
