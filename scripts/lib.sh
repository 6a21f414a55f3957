# What the scripts share. Sourced, POSIX sh.

say() {
    printf '\n== %s\n' "$*"
}

# need COMMAND WHERE: ends the script if COMMAND is missing.
need() {
    command -v "$1" >/dev/null 2>&1 || {
        printf 'error: %s is missing; install %s\n' "$1" "$2" >&2
        exit 3
    }
}

# The embedded SQLite is compiled from its source.
need_c_compiler() {
    command -v cc >/dev/null 2>&1 && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing a C compiler"
        apt-get update -q && apt-get install -q -y gcc libc6-dev
    fi
    need cc "a C compiler (Debian: apt-get install gcc libc6-dev)"
}

# The tests make a virtual environment for Django.
need_python_venv() {
    python3 -c 'import ensurepip, venv' 2>/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing Python's venv"
        apt-get update -q && apt-get install -q -y python3-venv
    fi
    python3 -c 'import ensurepip, venv' 2>/dev/null || {
        printf 'error: python3 lacks venv; install it (Debian: apt-get install python3-venv)\n' >&2
        exit 3
    }
}

# The tests start a PostgreSQL of their own; only its programs are needed.
need_postgresql() {
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        [ -x "$initdb" ] && return
    done
    command -v initdb >/dev/null 2>&1 && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing PostgreSQL"
        apt-get update -q && apt-get install -q -y postgresql
        return
    fi
    need initdb "the PostgreSQL server (Debian: apt-get install postgresql)"
}

# Where cargo builds, also when CARGO_TARGET_DIR or a config file says otherwise.
target_dir() {
    cargo metadata --format-version 1 --no-deps --offline 2>/dev/null |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])'
}
