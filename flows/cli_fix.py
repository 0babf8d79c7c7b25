"""``daily-papers fix``: one paper's Korean, corrected by a person. Registered by flows/cli.py."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flows.fix import Fixed
    from flows.settings import Settings


def fix(
    paper_id: Annotated[str, typer.Argument(help="arXiv id of the paper, without a version: 2407.12345.")],
    show: Annotated[
        bool, typer.Option("--show", help="Print its English and Korean as JSON, to be edited.")
    ] = False,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="That JSON with the Korean as it should be.")
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take the newest correction back; what was before stands again.")
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who decides; kept in the lake, never published.")] = None,
    why: Annotated[str | None, typer.Option(help="Why; kept in the lake, never published.")] = None,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Take the Korean though the gate finds errors in it.")
    ] = False,
) -> None:
    """Correct the Korean of one paper by hand, or take the correction back; asks no model."""
    if [show, from_file is not None, undo].count(True) != 1:
        raise typer.BadParameter("give one of --show, --from FILE and --undo")
    if show and (by is not None or why is not None):
        raise typer.BadParameter("--show changes nothing; --by and --why go with --from and --undo")
    if anyway and from_file is None:
        raise typer.BadParameter("--anyway goes with --from FILE")
    # Imported here: the command line starts without the tables.
    from schemas.tables import PAPER_ID_PATTERN

    if not re.fullmatch(PAPER_ID_PATTERN, paper_id):
        raise typer.BadParameter(f"{paper_id!r} is no arXiv id without a version; its form is 2407.12345")
    if show:
        raise typer.Exit(_show(paper_id))
    if by is None or why is None:
        raise typer.BadParameter("who decides, and why? Name both: --by NAME --why REASON")
    from flows.fix import correct
    from flows.fix import undo as take_back

    if from_file is None:
        raise typer.Exit(_decided(lambda settings: take_back(settings, paper_id, by, why)))
    raise typer.Exit(
        _decided(lambda settings: correct(settings, paper_id, from_file, by, why, anyway=anyway))
    )


def _show(paper_id: str) -> int:
    from flows.errors import DailyPapersError
    from flows.fix import show
    from flows.settings import load_settings

    try:
        text = show(load_settings(), paper_id)
    except DailyPapersError as error:
        # Standard output is the file to edit.
        print(error, file=sys.stderr)
        return error.exit_code
    sys.stdout.buffer.write(text.encode())
    return 0


def _decided(decision: "Callable[[Settings], Fixed]") -> int:
    """Carry the decision out, say what came of it, and publish to the Hub where a run would."""
    from flows.console import Bars, console
    from flows.errors import DailyPapersError
    from flows.settings import load_settings

    try:
        settings = load_settings()
        with Bars():
            fixed = decision(settings)
    except DailyPapersError as error:
        console.print(str(error), style="bold red", markup=False)
        return error.exit_code
    for issue in fixed.issues:
        console.print(f"- {issue.severity} {issue.field} [{issue.code}]: {issue.message}", markup=False)
    console.print(fixed.sentence, style="green", markup=False)
    months = ", ".join(fixed.months)
    console.print(f"Written: {fixed.files_written} files of the release of {months}.", markup=False)
    if settings.repo is None:
        return 0
    from flows.publish_hub import publish_to_hub

    # As a run does: whoever sets DAILY_PAPERS_REPO wants the dataset there, so a missing one is made.
    return publish_to_hub(settings.repo, None, yes=True)
