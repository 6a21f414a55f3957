"""The numbers of one month. Pure: records in, facts out; nothing is formatted here."""

import dataclasses

from . import months
from .names import apart


@dataclasses.dataclass
class Day:
    """One day of one repository, or of all."""

    date: str
    commits: int = 0
    added: int = 0
    removed: int = 0


@dataclasses.dataclass
class Author:
    """One author's month, in all repositories."""

    name: str
    commits: int = 0
    added: int = 0
    removed: int = 0


@dataclasses.dataclass
class Repository:
    """One repository's month."""

    id: str
    name: str
    complete: bool
    days: list
    commits: int = 0
    merges: int = 0
    files: int = 0
    added: int = 0
    removed: int = 0
    authors: int = 0
    commits_before: int = 0
    tags: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Tree:
    """One source tree, as last scanned."""

    data: dict
    libraries: list
    over_time: list


@dataclasses.dataclass
class Discussions:
    """What was opened and closed on GitHub in the month."""

    repository: str
    issues_opened: int = 0
    issues_closed: int = 0
    pulls_opened: int = 0
    pulls_merged: int = 0


@dataclasses.dataclass
class Report:
    """Everything that is shown."""

    month: str
    previous: str
    repositories: list
    authors: list
    trees: list
    discussions: list
    missing: list
    warnings: list

    @property
    def notes(self):
        """Why it is not complete."""
        shallow = [one.name for one in self.repositories if not one.complete]
        return [
            *(f"Missing: {text}." for text in self.missing),
            *self.warnings,
            *(f"{name} is a shallow clone: only part of its history counts." for name in shallow),
        ]

    @property
    def commits(self):
        """Commits of the month, in all repositories."""
        return sum(repository.commits for repository in self.repositories)

    @property
    def commits_before(self):
        """Commits of the month before."""
        return sum(repository.commits_before for repository in self.repositories)

    @property
    def added(self):
        """Lines added."""
        return sum(repository.added for repository in self.repositories)

    @property
    def removed(self):
        """Lines removed."""
        return sum(repository.removed for repository in self.repositories)

    @property
    def tags(self):
        """Tags made in the month."""
        return sum(len(repository.tags) for repository in self.repositories)


def gather(found, month):
    """Adds the records of one month up."""
    previous = months.before(month)
    repositories = _repositories(found.records, month)
    authors, per_repository = {}, {}
    for data in found.records["github_activity_day"]:
        repository = repositories.get(data["repository"])
        if repository is None:
            continue
        if data["date"].startswith(previous):
            repository.commits_before += data["commits"]
        if not data["date"].startswith(month):
            continue
        _add_day(repository, data)
        for share in data["by_author"]:
            author = authors.setdefault(share["identity"], Author(share["name"]))
            author.commits += share["commits"]
            author.added += share["added"]
            author.removed += share["removed"]
            per_repository.setdefault(repository.id, set()).add(share["identity"])
    for repository in repositories.values():
        repository.authors = len(per_repository.get(repository.id, ()))
        repository.tags = sorted(
            (
                data
                for data in found.records["github_activity_tag"]
                if data["repository"] == repository.id and (data["date"] or "").startswith(month)
            ),
            key=lambda data: (data["date"], data["tag"]),
        )
    # Several may have one name: then their addresses tell them apart.
    for identity, name in apart({one: author.name for one, author in authors.items()}).items():
        if name != authors[identity].name:
            authors[identity].name = f"{authors[identity].name} <{identity}>"
    return Report(
        month=month,
        previous=previous,
        repositories=sorted(repositories.values(), key=lambda one: (-one.commits, one.id)),
        authors=sorted(authors.values(), key=lambda one: (-one.commits, one.name)),
        trees=_trees(found.records, month),
        discussions=_discussions(found.records, month),
        missing=found.missing,
        warnings=found.warnings,
    )


def _repositories(records, month):
    """The repositories, each with all days of the month at nothing."""
    dates = months.dates(month)
    repositories = {}
    for data in records["github_activity_repository"]:
        repositories[data["repository"]] = Repository(
            data["repository"], data["name"], data["complete"], [Day(date) for date in dates]
        )
    # A day without its repository's own record still counts.
    for data in records["github_activity_day"]:
        name = data["repository"]
        if name not in repositories:
            short = name.rstrip("/").rsplit("/", 1)[-1]
            repositories[name] = Repository(name, short, True, [Day(date) for date in dates])
    for identity, name in apart({one.id: one.name for one in repositories.values()}).items():
        repositories[identity].name = name
    return repositories


def _add_day(repository, data):
    repository.commits += data["commits"]
    repository.merges += data["merges"]
    repository.files += data["files"]
    repository.added += data["added"]
    repository.removed += data["removed"]
    for day in repository.days:
        if day.date == data["date"]:
            day.commits += data["commits"]
            day.added += data["added"]
            day.removed += data["removed"]


def _trees(records, month):
    libraries, over_time = {}, {}
    for data in records["boost_usage"]:
        libraries.setdefault(data["root"], []).append(data)
    for data in records["boost_usage_total"]:
        if data["date"].startswith(month):
            over_time.setdefault(data["root"], []).append(data)
    return [
        Tree(
            data,
            sorted(libraries.get(data["root"], []), key=lambda one: (-one["includes"], one["library"])),
            sorted(over_time.get(data["root"], []), key=lambda one: one["date"]),
        )
        for data in sorted(records["include_usage"], key=lambda one: one["root"])
    ]


def _discussions(records, month):
    """By repository; only those in which something happened."""
    found = {}
    for collection, moments in (
        ("github_issue", {"created_at": "issues_opened", "closed_at": "issues_closed"}),
        ("github_pull_request", {"created_at": "pulls_opened", "merged_at": "pulls_merged"}),
    ):
        for data in records[collection]:
            for moment, counter in moments.items():
                if (data[moment] or "").startswith(month):
                    one = found.setdefault(data["repository"], Discussions(data["repository"]))
                    setattr(one, counter, getattr(one, counter) + 1)
    return [found[name] for name in sorted(found)]
