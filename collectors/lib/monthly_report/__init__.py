"""The parts of `run_monthly_report`.

`inputs` reads what other collectors delivered, `months` decides which month,
`facts` adds it up, `charts`, `page` and `markdown` show it, `text` makes foreign
text harmless in both.
"""
