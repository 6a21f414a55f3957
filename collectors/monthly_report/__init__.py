"""The parts of `run_monthly_report`.

`inputs` reads the records of other collectors, `months` decides which month,
`facts` adds them up, `charts`, `page` and `markdown` show them; `workspace`
owns the files, `text` makes foreign text harmless, `failure` knows exit codes.
"""
