"""The parts of `run_boost_library_tracker` and `run_on_release_sync`.

`releases` orders release tags, `metadata` reads one `meta/libraries.json`,
`headers` says which headers are whose, `findings` says once what is wrong with many
releases, `changes` compares two of them: all pure. `repository` and `tree` are the two
kinds of source of a `module`, `submodules` fetches what a superproject only points at,
`tracker` turns releases into records.
"""
