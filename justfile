# Short names for what the scripts do; `just` lists them.

default:
    @just --list

# Build and run the main job on real input
quickstart:
    scripts/quickstart

# All set-up, all tests
test:
    scripts/test

# Only the pure core, in a second
core:
    cargo test -p orchestrator --lib model::

# Format everything
fmt:
    cargo fmt --all

# Lints, as CI has them
lint:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Licences, bans and sources of all dependencies (needs cargo-deny)
deny:
    cargo deny check bans licenses sources
