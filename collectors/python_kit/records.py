"""Reading what this and other collectors delivered, through `$ORCHESTRATE records`."""

import json
import os
import subprocess

from .failure import CONFIGURATION, TEMPORARY, Failure, of_os_error


def available():
    """Whether there is an orchestrator to ask."""
    return bool(os.environ.get("ORCHESTRATE"))


def read(collection):
    """Gives each record of a collection as `(key, data)`, by key; none of an unknown collection.

    What is `gone` (docs/collectors.md) is left out.
    """
    for record in whole(collection):
        if record["data"].get("gone") is not True:
            yield record["key"], record["data"]


def whole(collection):
    """Gives each record of a collection as the orchestrator has it."""
    program = os.environ.get("ORCHESTRATE")
    if not program:
        raise Failure(
            CONFIGURATION,
            f"the records of {collection} cannot be read: ORCHESTRATE is not set",
            "run this collector with `orchestrate run-one`, or set ORCHESTRATE to the path of the program",
        )
    command = [program, "records", "export", collection, "--format", "jsonl"]
    try:
        # Its complaints are the reader's: they go where ours go.
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    except OSError as error:
        raise of_os_error(error, f"run {program}") from error
    with child:
        for line in child.stdout:
            yield _parsed(line, collection)
    if child.returncode != 0:
        raise Failure(
            TEMPORARY,
            f"`orchestrate records export {collection}` ended with {child.returncode}",
            "its own message is above; `orchestrate check` tells whether the database can be reached",
        )


def _parsed(line, collection):
    try:
        record = json.loads(line)
        if isinstance(record["key"], str) and isinstance(record["data"], dict):
            return record
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise Failure(TEMPORARY, f"`orchestrate records export {collection}` gave a line that is no record")
