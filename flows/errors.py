"""The errors that a person reads: which paper, day or table; expected and got; what was kept; what next.

Each carries its exit code, so flows raise and only flows/console.py decides how it is printed.
"""

from transforms.report import Report, report_sentences


class DailyPapersError(Exception):
    """A sentence for the operator, and the exit code that goes with it."""

    exit_code = 1


class SettingsMissing(DailyPapersError):
    """A setting is absent or wrong; nothing was done."""

    exit_code = 2


class SourceUnavailable(DailyPapersError):
    """A service did not answer; what came before was kept and the next run continues."""

    exit_code = 3


class BudgetReached(DailyPapersError):
    """One more answer could pass a limit on spending; it was not asked for, and its paper stays pending."""

    exit_code = 3


class LakeBusy(DailyPapersError):
    """Another run is writing this lake."""

    exit_code = 3


class ContractBroken(DailyPapersError):
    """A table or file is not what schemas/ promises; it was not written or not read."""

    exit_code = 1


class LakeUnwritable(DailyPapersError):
    """The disk refused; files are as they were before."""

    exit_code = 3


class RepositoryMissing(DailyPapersError):
    """There is no such repository, and it was not to be made."""

    exit_code = 2


class EditedOnHub(DailyPapersError):
    """Somebody edited files of ours on the Hub; nothing was overwritten."""

    exit_code = 1


class RunIncomplete(DailyPapersError):
    """The run did all it could and something was missing; ``report`` says what."""

    def __init__(self, report: Report) -> None:
        sentences = (each if each.endswith(".") else f"{each}." for each in report_sentences(report))
        super().__init__(" ".join(sentences))
        self.report = report
        self.exit_code = report.exit_code
