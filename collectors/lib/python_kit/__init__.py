"""What the collectors written in Python share; nothing about any source of data.

`frame` is the way into and out of a collector, `events` its voice and its
records, `records` reads what others delivered, `state` is what the last good
run left, `slot` the instant that a run stands for, `workspace` its own directory,
`git` runs git, `text` makes foreign text harmless, `failure` knows exit codes.
Standard library only, Python 3.8.
It must never know the orchestrator: environment variables are all they share.
"""
