"""The report as one HTML page: no script, nothing loaded from elsewhere."""

import pathlib

from python_kit.text import number, plural

from . import charts, months
from .text import escape, signed, size

# Longer lists end with a line that says how many are left out.
ROWS = 15


def render(report):
    """The page, as text."""
    style = pathlib.Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    title = f"{months.title(report.month)}: activity and Boost usage"
    body = [
        f"<h1>{escape(months.title(report.month))}</h1>",
        '<p class="quiet">What happened in the repositories, and what the source trees include.</p>',
        _notes(report),
        _tiles(report),
        _overview(report),
    ]
    for at, repository in enumerate(one for one in report.repositories if one.commits or one.tags):
        body.append(_repository(f"r{at}", repository))
    body.append(_authors(report))
    body.append(_discussions(report))
    for at, tree in enumerate(report.trees):
        body.append(_tree(f"s{at}", tree))
    body.append(
        "<footer>Days are UTC, by date of authorship; merges count as commits and add no lines. Source trees are "
        "shown as they were last scanned, whatever the month.</footer>"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _notes(report):
    if not report.notes:
        return ""
    items = "".join(f"<li>{escape(note, 600)}</li>" for note in report.notes)
    return (
        f'<div class="note" role="note"><strong>This report is not complete.</strong><ul>{items}</ul></div>'
    )


def _tiles(report):
    tiles = []
    if report.repositories:
        before = f"commits ({number(report.commits_before)} in {months.title(report.previous).split()[0]})"
        tiles += [
            (number(report.commits), before, ""),
            (number(len(report.authors)), "author" if len(report.authors) == 1 else "authors", ""),
            (signed("+", report.added), "lines added", "plus"),
            (signed("−", report.removed), "lines removed", "minus"),
            (number(report.tags), "tag" if report.tags == 1 else "tags", ""),
        ]
    if report.trees:
        tiles += [
            (number(sum(tree.data["files"] for tree in report.trees)), "source files", ""),
            (number(sum(tree.data["includes"] for tree in report.trees)), "includes", ""),
            (
                number(
                    len({one["library"] for tree in report.trees for one in tree.libraries} - {"unknown"})
                ),
                "Boost libraries in use",
                "",
            ),
        ]
    cells = "".join(
        f'<div class="tile"><b class="{kind}">{escape(value)}</b><span>{escape(label)}</span></div>'
        for value, label, kind in tiles
    )
    return f'<div class="tiles">{cells}</div>'


def _overview(report):
    if len(report.repositories) < 2:
        return ""
    rows = [
        (
            one.name,
            number(one.commits),
            number(one.authors),
            signed("+", one.added),
            signed("−", one.removed),
            number(len(one.tags)),
        )
        for one in report.repositories
    ]
    heads = ("Repository", "Commits", "Authors", "Added", "Removed", "Tags")
    return f'<h2>Repositories</h2><div class="card">{_table(heads, rows)}</div>'


def _repository(identity, repository):
    name = f"<bdi>{escape(repository.name)}</bdi>"
    busiest = max(repository.days, key=lambda day: day.commits)
    commits = charts.days(
        f"{identity}c",
        f"Commits per day in {repository.name}",
        f"{repository.commits} commits; most on {busiest.date}: {busiest.commits}.",
        [(day.date, day.commits, 0) for day in repository.days],
    )
    lines = charts.days(
        f"{identity}l",
        f"Lines added and removed per day in {repository.name}",
        f"{repository.added} lines added, {repository.removed} removed.",
        [(day.date, day.added, day.removed) for day in repository.days],
    )
    active = [day for day in repository.days if day.commits]
    numbers = _table(
        ("Day", "Commits", "Added", "Removed"),
        [(day.date, number(day.commits), signed("+", day.added), signed("−", day.removed)) for day in active],
    )
    parts = [
        f"<h2>{name}</h2>",
        f'<p class="quiet">{escape(repository.id, 300)}: {plural(repository.commits, "commit", "commits")} '
        f"({plural(repository.merges, 'merge', 'merges')}) by {plural(repository.authors, 'author', 'authors')}, "
        f"{plural(repository.files, 'file change', 'file changes')}.</p>",
        f'<div class="card"><h3>Commits per day</h3>{commits}</div>',
        f'<div class="card"><h3>Lines added and removed per day</h3>{lines}'
        f"<details><summary>The days in numbers</summary>{numbers}</details></div>",
    ]
    if repository.tags:
        rows = [
            (
                tag["tag"],
                tag["date"],
                tag["previous"] or "the beginning",
                number(tag["commits"]),
                number(tag["authors"]),
                signed("+", tag["added"]),
                signed("−", tag["removed"]),
            )
            for tag in repository.tags
        ]
        heads = ("Tag", "Date", "Since", "Commits", "Authors", "Added", "Removed")
        parts.append(f'<div class="card"><h3>Tags</h3>{_table(heads, rows)}</div>')
    return "\n".join(parts)


def _authors(report):
    if not report.authors:
        return ""
    rows = [
        (one.name, number(one.commits), signed("+", one.added), signed("−", one.removed))
        for one in report.authors
    ]
    return (
        f'<h2>Authors</h2><div class="card">{_table(("Author", "Commits", "Added", "Removed"), rows)}</div>'
    )


def _discussions(report):
    if not report.discussions:
        return ""
    rows = [
        (one.repository, *map(number, (one.issues_opened, one.issues_closed, one.pulls_opened, one.pulls_merged)))
        for one in report.discussions
    ]
    heads = ("Repository", "Issues opened", "closed", "Pull requests opened", "merged")
    return f'<h2>Issues and pull requests</h2><div class="card">{_table(heads, rows)}</div>'


def _over_time(identity, tree):
    """Boost includes from scan to scan, where there was more than one."""
    if len(tree.over_time) < 2:
        return ""
    chart = charts.ranks(
        f"{identity}t",
        f"Includes of Boost headers in {tree.data['root']} over time",
        f"The last {len(tree.over_time)} scans of the month.",
        [(one["date"], one["boost_includes"]) for one in tree.over_time],
    )
    return f'<div class="card"><h3>Includes of Boost headers, scan by scan</h3>{chart}</div>'


def _tree(identity, tree):
    data = tree.data
    top = [(item["header"], item["includes"]) for item in data["top_headers"][:ROWS]]
    libraries = [(one["library"], one["includes"]) for one in tree.libraries[:ROWS]]
    parts = [
        f"<h2><bdi>{escape(data['root'], 300)}</bdi></h2>",
        f'<p class="quiet">{number(data["files"])} files ({size(data["bytes"])}), {number(data["includes"])} includes '
        f"of {number(data['headers'])} headers.</p>",
    ]
    if libraries:
        chart = charts.ranks(
            f"{identity}b",
            f"Boost libraries in {data['root']}",
            f"The {len(libraries)} most included ones.",
            libraries,
        )
        rows = [
            (one["library"], number(one["includes"]), number(one["files"]), number(one["headers"]))
            for one in tree.libraries
        ]
        table = _table(("Library", "Includes", "Files", "Headers"), rows, len(rows))
        parts.append(
            f'<div class="card"><h3>Boost libraries: {number(data["boost_libraries"])} in '
            f'{number(data["boost_files"])} files</h3>{chart}'
            f"<details><summary>All of them in numbers</summary>{table}</details></div>"
        )
    else:
        parts.append('<p class="quiet">No Boost header is included here.</p>')
    parts.append(_over_time(identity, tree))
    if top:
        chart = charts.ranks(
            f"{identity}h", f"Headers in {data['root']}", f"The {len(top)} most included ones.", top
        )
        rows = [
            (item["header"], number(item["includes"]), number(item["files"])) for item in data["top_headers"]
        ]
        table = _table(("Header", "Includes", "Files"), rows, len(rows))
        parts.append(
            f'<div class="card"><h3>Most included headers</h3>{chart}'
            f"<details><summary>In numbers</summary>{table}</details></div>"
        )
    return "\n".join(part for part in parts if part)


def _table(heads, rows, limit=ROWS):
    """A table; the first column names its row and is isolated from the direction of its neighbours."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td>{'<bdi>' * (not at)}{escape(cell)}{'</bdi>' * (not at)}</td>" for at, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows[:limit]
    )
    more = f'<p class="quiet">and {number(len(rows) - limit)} more</p>' if len(rows) > limit else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
