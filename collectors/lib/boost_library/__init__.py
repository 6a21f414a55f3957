"""The parts of `run_boost_library_tracker`.

`releases` orders release tags, `metadata` reads one `meta/libraries.json`,
`headers` says which headers are whose: all pure. `repository` and `tree` are
the two kinds of source, `submodules` fetches what a superproject only points
at, `tracker` turns releases into records.
"""
