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

# For the scripts that boot a machine of their own, in an emulator.
need_machine() {
    need qemu-system-x86_64 "QEMU: apt install qemu-system-x86"
    need busybox "a static busybox: apt install busybox-static"
    need cpio "cpio, from your system's packages"
    need python3 "Python 3, from your system's packages"
}

# machine_root ROOT INIT: a root directory with busybox, what cargo has built and the
# libraries of it, a place for a schedule (/place), and INIT as its first process.
machine_root() {
    mkdir -p "$1/bin" "$1/proc" "$1/sys" "$1/dev" "$1/tmp" "$1/place/collectors" "$1/place/config"
    cp "$(command -v busybox)" "$1/bin/busybox"
    for program in orchestrate fake-collector; do
        cp "target/debug/$program" "$1/bin/"
        # An emulated machine unpacks all of it.
        if command -v strip > /dev/null 2>&1; then strip --strip-debug "$1/bin/$program"; fi
    done
    ldd target/debug/orchestrate | grep -o '/lib[^ ]*' | while read -r library; do
        mkdir -p "$1$(dirname "$library")"
        cp -L "$library" "$1$library"
    done
    cp "$2" "$1/init"
    chmod +x "$1/init"
}

# machine KERNEL ROOT SECONDS [OPTION..]: boots it, without this machine's accelerator, which
# need not be there; what its console says goes to standard output.
machine() {
    kernel="$1" root="$2" seconds="$3"
    shift 3
    (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) > "$root.initrd"
    timeout "$seconds" qemu-system-x86_64 -accel tcg -cpu max -m 1024 -nographic -no-reboot \
        -kernel "$kernel" -initrd "$root.initrd" \
        -append "console=ttyS0 quiet panic=-1 rdinit=/init" "$@" 2>&1 < /dev/null || true
}
