"""Reading what this and other collectors delivered, through `$ORCHESTRATE records`."""

import functools
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
    # A collection exists from its first record on; asking for another is an error.
    if collection not in _collections():
        return
    command = ["records", "export", collection, "--format", "jsonl"]
    with _started(command) as child:
        for line in child.stdout:
            yield _parsed(line, collection)
    _ended_well(child, command)


@functools.lru_cache(maxsize=None)
def _collections():
    """The names of all collections; asked once, for nobody else delivers meanwhile what we wait for."""
    command = ["records", "list", "--format", "json"]
    with _started(command) as child:
        listed = child.stdout.read()
    _ended_well(child, command)
    try:
        return frozenset(one["collection"] for one in json.loads(listed))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Failure(TEMPORARY, "`orchestrate records list` gave no list of collections") from error


def _started(command):
    program = os.environ.get("ORCHESTRATE")
    if not program:
        raise Failure(
            CONFIGURATION,
            "records cannot be read: ORCHESTRATE is not set",
            "run this collector with `orchestrate run-one`, or set ORCHESTRATE to the path of the program",
        )
    try:
        # Its complaints are the reader's: they go where ours go.
        return subprocess.Popen([program, *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    except OSError as error:
        raise of_os_error(error, f"run {program}") from error


def _ended_well(child, command):
    if child.returncode != 0:
        raise Failure(
            TEMPORARY,
            f"`orchestrate {' '.join(command[:-2])}` ended with {child.returncode}",
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
