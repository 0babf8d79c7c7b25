"""One paper's Korean as a person has it: shown, corrected, or the correction taken back.

No Prefect flow: a person does it by hand, it asks no service and has nothing to retry. Environment:
DAILY_PAPERS_HOME. Safe to rerun: Korean that the release has already is not recorded again. Called by
flows/cli_fix.py for ``daily-papers fix``.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from flows.errors import ContractBroken, DailyPapersError
from flows.lock import one_writer
from flows.progress import PROGRESS
from flows.release import write_month, write_pages, write_release
from flows.run import Run
from flows.settings import Settings
from flows.storage import Lake
from schemas.answer import Issue
from schemas.tables import ABSTRACTS, ARCHIVE, CORRECTIONS, PAPERS, TRANSLATIONS, Table
from transforms.corrections import (
    Standing,
    Unusable,
    correction,
    is_released,
    proposal,
    said,
    shown_text,
    standing,
    taking_back,
)
from transforms.release import release
from transforms.translations import translation_sources

_LONGEST_FILE: Final = 2**20


class CannotFix(DailyPapersError):
    """The paper or what was given for it cannot be used; nothing was recorded."""

    exit_code = 2


class Refused(DailyPapersError):
    """The gate found errors in the Korean; nothing was recorded."""

    exit_code = 1


class Fixed(NamedTuple):
    """What came of a decision."""

    sentence: str
    issues: list[Issue]
    """What the gate found in the Korean that was taken."""
    months: list[str]
    """Months of the release that list the paper."""
    files_written: int


def show(settings: Settings, paper_id: str) -> str:
    """The paper's English and Korean as they stand, as JSON to edit.

    Raises:
        CannotFix: No list has the paper, or its English is not known.
    """
    paper, _ = _paper(Lake(settings.home), paper_id)
    return shown_text(paper)


def correct(settings: Settings, paper_id: str, file: Path, by: str, why: str, *, anyway: bool) -> Fixed:
    """Keep the file's Korean as the paper's and write the months that list it again.

    Raises:
        CannotFix: The paper, the file or who and why cannot be used.
        Refused: The gate found errors, and not ``anyway``.
        LakeBusy: Another run holds the lake.
    """
    run, content = Run(settings, f"fix {paper_id}"), _content(file)
    with one_writer(run.lake, run.report.run, settings.lock_wait, PROGRESS.get().say):
        paper, months = _paper(run.lake, paper_id)
        try:
            who, given = said(by, why), proposal(content, paper)
        except Unusable as error:
            raise CannotFix(
                f"Nothing was recorded for {paper_id}: {error} To begin again: daily-papers fix {paper_id} "
                "--show > paper.json"
            ) from None
        if given.errors and not anyway:
            found = " ".join(f"{issue.field} [{issue.code}]: {issue.message}" for issue in given.errors)
            raise Refused(
                f"The gate refuses this Korean of {paper_id}, so nothing was recorded. {found} Mend the file "
                "or give --anyway as well if you know better; what the gate found is then recorded with it."
            )
        if is_released(given.korean, paper):
            sentence = f"The release has this Korean of {paper_id} already, so nothing was recorded."
        else:
            row = correction(paper, given, who, datetime.now(UTC), _earlier(run.lake, paper_id))
            run.lake.upsert(CORRECTIONS, row)
            sentence = f"The Korean of {paper_id} is corrected and stays so while its English is the same."
        return Fixed(sentence, given.issues, months, _published(run, months))


def undo(settings: Settings, paper_id: str, by: str, why: str) -> Fixed:
    """Take the paper's newest correction back and write the months that list it again.

    Raises:
        CannotFix: No correction of the paper stands, or who and why cannot be used.
        LakeBusy: Another run holds the lake.
    """
    run = Run(settings, f"fix {paper_id} --undo")
    with one_writer(run.lake, run.report.run, settings.lock_wait, PROGRESS.get().say):
        paper, months = _paper(run.lake, paper_id)
        earlier = _earlier(run.lake, paper_id)
        try:
            row = taking_back(paper, said(by, why), datetime.now(UTC), earlier)
        except Unusable as error:
            raise CannotFix(f"Nothing was taken back for {paper_id}: {error}") from None
        if row is None:
            raise CannotFix(
                f"No correction of {paper_id} stands, so there is nothing to take back. What was decided: "
                f"daily-papers sql \"SELECT * FROM corrections WHERE paper_id = '{paper_id}'\""
            )
        run.lake.upsert(CORRECTIONS, row)
        of = row["takes_back"][0]
        sentence = (
            f"The correction of {paper_id} of {of:%Y-%m-%d %H:%M} UTC is taken back; the row of it stays."
        )
        return Fixed(sentence, [], months, _published(run, months))


def _paper(lake: Lake, paper_id: str) -> tuple[Standing, list[str]]:
    """The paper as it stands, and the months that list it."""
    months = {
        table: [month for month in lake.months(table) if _lists(lake, table, month, paper_id)]
        for table in (PAPERS, ARCHIVE)
    }
    listing = sorted({month for found in months.values() for month in found})
    if not listing:
        raise CannotFix(
            f"No list in {lake.home} has a paper {paper_id}; its arXiv id was expected, without a version. "
            "Find it: daily-papers sql \"SELECT paper_id, title FROM release WHERE title LIKE '%…%'\""
        )
    ids = pl.Series("paper_id", [paper_id])
    listed = [
        lake.read(table, found).filter(pl.col("paper_id") == paper_id) for table, found in months.items()
    ]
    abstracts, translations = (lake.read_papers(table, ids) for table in (ABSTRACTS, TRANSLATIONS))
    rows = release(listed[0], abstracts, translations, listed[1], _earlier(lake, paper_id))
    paper = standing(rows, translation_sources(abstracts), translations)
    if paper is None:
        day = max(rows["list_date"].to_list())
        raise CannotFix(
            f"The English abstract of {paper_id} is not known yet, so its Korean cannot be held against it. "
            f"Fetch it, without asking a model: daily-papers backfill --since {day} --until {day} --dry-run"
        )
    return paper, listing


def _lists(lake: Lake, table: Table, month: str, paper_id: str) -> bool:
    return paper_id in lake.read_columns(table, [month], ["paper_id"])["paper_id"]


def _earlier(lake: Lake, paper_id: str) -> pl.DataFrame:
    return lake.read_papers(CORRECTIONS, pl.Series("paper_id", [paper_id]))


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(_LONGEST_FILE + 1)
    except OSError as error:
        raise CannotFix(f"--from {file} cannot be read ({error.strerror}). Nothing was recorded.") from error
    if len(content) > _LONGEST_FILE:
        raise CannotFix(
            f"--from {file}: expected one paper, at most {_LONGEST_FILE:,} bytes. Nothing was recorded."
        )
    return content


def _published(run: Run, months: list[str]) -> int:
    """Write these months of the release and its pages again; the number of files that changed."""
    try:
        write_release(run, months, write_month, write_pages)
    except DailyPapersError as error:
        raise ContractBroken(
            f"The decision is recorded, but the release could not be written: {error} Then write it again: "
            "daily-papers publish"
        ) from error
    return run.report.files_written
