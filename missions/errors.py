"""Every expected failure, and the exit code of a command that ends with it.

Belongs here: the classes. Each message is written where the failure is found: what is wrong, where, what to do.
"""


class MissionsError(Exception):
    """An expected failure. The message is all the user needs."""

    exit_code = 1


class UsageError(MissionsError):
    """A usage error: a name that does not exist, or options that cannot be combined."""

    exit_code = 2


class WhatIfError(UsageError):
    """The choices do not make an index. The message says why, and what to ask for instead."""


class RegistryError(MissionsError):
    """seeds/sources.yml is invalid: where, and what was expected."""


class FileFault(MissionsError):
    """A fault in a file that people write: the line and column, what is wrong and what to do."""

    def __init__(
        self, path: str, problem: str, line: int | None = None, column: str | None = None, remedy: str = ""
    ) -> None:
        place = path + (f", line {line}" if line else "") + (f", column {column}" if column else "")
        super().__init__(f"{place}: {problem}" + (f". {remedy}" if remedy else ""))
        self.path = path
        self.problem = problem
        self.line = line
        self.column = column


class SeedError(FileFault):
    """A seed that cannot be loaded."""


class ScoreError(FileFault):
    """A file of a user that makes no index, or a folder that takes no results: why nothing was scored."""


class SnapshotError(MissionsError):
    """A publisher's file that cannot be read into our layout."""


class FetchError(MissionsError):
    """A file that could not be fetched: what the server did."""


class RefreshError(MissionsError):
    """A refresh that cannot start: why, and what to do."""


class BusyError(MissionsError):
    """Another process holds what this one needs; nothing was changed. The message says which, and what to do."""


class PublicationError(MissionsError):
    """Nothing was published, or a publication is incomplete: what, where, what to do."""


class OtherVersionError(PublicationError):
    """A publication lacks a table or column, because another version of the project made it."""

    def __init__(self, lacking: str, reader: str = "this version") -> None:
        super().__init__(
            f"This publication was made by another version and lacks what {reader} reads ({lacking}). Run `make index` "
            "to publish again, or read it with the version that made it"
        )
        self.lacking = lacking


class KeptSeedsError(MissionsError):
    """The seeds of a publication cannot be restored: which, and where else to look."""


class DifferenceError(MissionsError):
    """Two publications cannot be compared. The message says which of them lacks what."""


class ReportError(MissionsError):
    """There is no PDF: why, and what to do."""


class RunError(MissionsError):
    """A run failed; the previous publication is unchanged. The message has a paragraph per failed step."""


class NoticeError(MissionsError):
    """Nobody took a notice. The message has no address in it, as the addresses of webhooks are secrets."""
