"""The report as Markdown (CommonMark with tables), for mail and code hosts."""

from python_kit.text import number

from . import months
from .text import markdown, size

ROWS = 15
_LEVELS = "▁▂▃▄▅▆▇█"


def render(report):
    """The text."""
    parts = [f"# {months.title(report.month)}"]
    if report.notes:
        parts.append("**This report is not complete.**")
        parts.append("\n".join(f"- {markdown(note, 600)}" for note in report.notes))
    if report.repositories:
        rows = [
            (one.name, one.commits, one.commits_before, one.authors, one.added, one.removed, len(one.tags))
            for one in report.repositories
        ]
        heads = ("Repository", "Commits", "Month before", "Authors", "Added", "Removed", "Tags")
        parts += ["## Repositories", _table(heads, rows)]
    for one in report.repositories:
        if one.commits:
            line = _sparkline([day.commits for day in one.days])
            parts.append(f"Commits per day in {markdown(one.name)}, from the 1st: `{line}`")
        if one.tags:
            rows = [
                (
                    tag["tag"],
                    tag["date"],
                    tag["previous"] or "the beginning",
                    tag["commits"],
                    tag["added"],
                    tag["removed"],
                )
                for tag in one.tags
            ]
            parts += [
                f"### Tags of {markdown(one.name)}",
                _table(("Tag", "Date", "Since", "Commits", "Added", "Removed"), rows),
            ]
    if report.authors:
        rows = [(one.name, one.commits, one.added, one.removed) for one in report.authors]
        parts += ["## Authors", _table(("Author", "Commits", "Added", "Removed"), rows)]
    if report.discussions:
        rows = [
            (one.repository, one.issues_opened, one.issues_closed, one.pulls_opened, one.pulls_merged)
            for one in report.discussions
        ]
        heads = ("Repository", "Issues opened", "closed", "Pull requests opened", "merged")
        parts += ["## Issues and pull requests", _table(heads, rows)]
    for tree in report.trees:
        data = tree.data
        parts.append(f"## {markdown(data['root'], 300)}")
        parts.append(
            f"{number(data['files'])} files ({size(data['bytes'])}), {number(data['includes'])} includes of "
            f"{number(data['headers'])} headers; Boost: {number(data['boost_libraries'])} libraries in "
            f"{number(data['boost_files'])} files."
        )
        if tree.libraries:
            rows = [(one["library"], one["includes"], one["files"]) for one in tree.libraries]
            parts.append(_table(("Library", "Includes", "Files"), rows))
        rows = [(item["header"], item["includes"], item["files"]) for item in data["top_headers"]]
        if rows:
            parts.append(_table(("Header", "Includes", "Files"), rows))
    return "\n\n".join(parts) + "\n"


def _table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    for row in rows[:ROWS]:
        cells = [number(cell) if isinstance(cell, int) else markdown(cell) for cell in row]
        lines.append("| " + " | ".join(cells) + " |")
    text = "\n".join(lines)
    return text if len(rows) <= ROWS else f"{text}\n\nand {number(len(rows) - ROWS)} more"


def _sparkline(values):
    most = max(values) or 1
    return "".join(_LEVELS[-(-value * (len(_LEVELS) - 1) // most)] for value in values)
