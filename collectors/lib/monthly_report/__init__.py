"""The parts of `run_monthly_report`.

`inputs` reads what other collectors delivered, `months` decides which month,
`facts` adds it up, `names` tells things of one name apart, `charts`, `page` and
`markdown` show it, `text` makes foreign text harmless in both.
"""
