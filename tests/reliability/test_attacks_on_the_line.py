"""The corpus of attacks through the whole line: what an attack may change is the text of its own paper.

The line runs twice over the same papers, in harmless words and under attack: some of the attacked papers are
hostile themselves, others get hostile answers.
"""

import asyncio
import contextlib
import csv
import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
from attacks import ATTACKS, KEY, Attack
from polars.testing import assert_frame_equal
from under_attack import FIELDS, good_answer, shape, spoilt

from daylists import record
from flows.ask import ask
from flows.sandbox.config import SandboxConfig
from flows.sandbox.server import Sandbox
from line import DAY, Line, timeless
from schemas.tables import RELEASE
from transforms.prompt import SYSTEM_PROMPT
from transforms.report import Report, day_papers, report_markdown
from transforms.text import plain

PROMPT_LINES = [line for line in SYSTEM_PROMPT.splitlines() if len(line) > 40]
OTHERS = [f"2603.0000{number}" for number in range(1, 6)]
OTHER_KEY = "sk-proj-" + "Xw3v" * 9
LONGEST = 1_500
"""Characters of an attack here; one is longer than the gate reads."""
LONGEST_TITLE = 300
LONGEST_LINE = 6_000


def grouped(first: int, size: int) -> dict[str, list[Attack]]:
    """The corpus shared out over papers, so many attacks to each."""
    lengths = {"huge": 12_000}
    short = [each._replace(text=each.text[: lengths.get(each.name, LONGEST)]) for each in ATTACKS]
    parts = [short[start : start + size] for start in range(0, len(short), size)]
    return {f"2603.{first + number}": part for number, part in enumerate(parts)}


HOSTILE = grouped(10_000, 3)
"""Papers with one attack as title, one as author and one as abstract."""
ANSWERED = grouped(20_000, len(FIELDS))
"""Papers whose answers have an attack in every field, so that they are refused."""
LET_PASS = {f"2603.{30_000 + number}": attack for number, attack in enumerate(ATTACKS[::10])}
"""Papers whose answers have one attack before good Korean, which may pass the gate."""


class Outcome(NamedTuple):
    """What a run left."""

    code: int
    release: pl.DataFrame
    pages: dict[str, str]
    artifact: str
    csv: str
    terminal: str
    log: str
    files: dict[str, bytes]


def day_list(is_hostile: bool) -> list[Any]:
    day = [record(paper_id, votes=10_000 - place) for place, paper_id in enumerate(OTHERS)]
    # What the pages of any real day have too: a character that is spelt with a tag.
    day[0]["paper"]["title"] += " for $5"
    for paper_id, attacks in HOSTILE.items():
        # The key in an abstract is no secret any more; in an answer it is.
        texts = [attack.text.replace(KEY, OTHER_KEY) for attack in (attacks * 3)[:3]]
        title, author, abstract = texts[0][:LONGEST_TITLE], texts[1][:LONGEST_TITLE], texts[2]
        day.append(record(paper_id))
        if is_hostile:
            day[-1]["paper"].update(title=title, summary=abstract, ai_summary=abstract)
            day[-1]["paper"]["authors"][0]["name"] = author
    return day + [record(paper_id) for paper_id in (*ANSWERED, *LET_PASS)]


def answers(is_hostile: bool) -> list[dict[str, Any]]:
    """Fault rules: refused answers for one of the others, and for each answered paper its attacks."""
    refused = {"service": "openai", "match": {"paper_id": OTHERS[-1]}, "answer": "number"}
    bodies = {}
    for paper_id, attacks in ANSWERED.items():
        texts = [attack.text for attack in attacks]
        bodies[paper_id] = spoilt(paper_id, **dict(zip(FIELDS, texts, strict=False)))
    for paper_id, attack in LET_PASS.items():
        good = good_answer(paper_id)["title_ko"]
        bodies[paper_id] = spoilt(paper_id, title_ko=f"{attack.text[:LONGEST_TITLE]} {good}")
    hostile = [
        {
            "service": "openai",
            "match": {"paper_id": paper_id},
            "body": body,
            "content_type": "application/json",
        }
        for paper_id, body in bodies.items()
    ]
    return [refused, *(hostile if is_hostile else [])]


def outcome(line: Line, *, is_hostile: bool) -> Outcome:
    line.set(OPENAI_API_KEY=KEY)
    line.day(DAY, json.dumps(day_list(is_hostile)).encode())
    line.faults(*answers(is_hostile))
    terminal, log = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    try:
        with contextlib.redirect_stdout(terminal), contextlib.redirect_stderr(terminal):
            ended = line.backfill(DAY, DAY)
    finally:
        logging.getLogger().removeHandler(handler)
    answer = line.home.parent / "answer.csv"
    assert ask("select * from release", format="csv", out=answer) == 0
    return Outcome(
        ended.code,
        line.table(RELEASE),
        {
            path.relative_to(line.home).as_posix(): path.read_text()
            for path in line.home.rglob("release/**/*.md")
        },
        artifact_of(f"backfill {DAY} to {DAY}"),
        answer.read_text(encoding="utf-8"),
        terminal.getvalue(),
        log.getvalue(),
        {name: content for name, (_, content) in line.files().items()},
    )


def artifact_of(name: str) -> str:
    """The report that the last run of this name left with Prefect."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
    from prefect.client.schemas.sorting import ArtifactSort

    async def found() -> list[str]:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["report"]))
        async with get_client() as client:
            artifacts = await client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.CREATED_DESC)
        return [str(each.data) for each in artifacts if name in str(each.description)]

    return asyncio.run(found())[0]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, prefect_server: Path) -> Iterator[list[Outcome]]:
    """The same papers in harmless words, and under attack."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:

        def start(**options: Any) -> Sandbox:
            return stack.enter_context(Sandbox(SandboxConfig(**options)))

        folders = [tmp_path_factory.mktemp(name) for name in ("harmless", "hostile")]
        yield [
            outcome(Line(folder, patch, start), is_hostile=is_hostile)
            for folder, is_hostile in zip(folders, (False, True), strict=True)
        ]


def test_an_attack_changes_no_other_paper_and_loses_none(outcomes: list[Outcome]) -> None:
    harmless, hostile = (timeless(each.release) for each in outcomes)
    is_other = pl.col("paper_id").is_in(OTHERS)
    assert_frame_equal(hostile.filter(is_other), harmless.filter(is_other))
    assert hostile["paper_id"].to_list() == harmless["paper_id"].to_list()
    # Hostile answers change nothing but the Korean of their own paper, hostile papers not their neighbours.
    facts = ["list_date", "paper_id", "rank", "upvotes", "title", "authors", "abstract"]
    is_answered = pl.col("paper_id").is_in([*ANSWERED, *LET_PASS])
    assert_frame_equal(hostile.filter(is_answered)[facts], harmless.filter(is_answered)[facts])


def shortened(page: str) -> str:
    return "\n".join(line[:LONGEST_LINE] for line in page.splitlines())


def test_the_pages_gain_no_link_no_picture_and_no_kind_of_tag(outcomes: list[Outcome]) -> None:
    harmless, hostile = (each.pages for each in outcomes)
    assert set(hostile) == set(harmless)
    assert {Path(name).name for name in hostile} == {"README.md", "05.md"}
    for name, page in hostile.items():
        before, after = shape(shortened(harmless[name])), shape(shortened(page))
        assert set(after.links) == set(before.links), name
        assert len(after.links) == len(before.links), name
        assert after.pictures == before.pictures, name
        assert set(after.tags) == set(before.tags), name
        assert after.tags.count("h3") == before.tags.count("h3"), name


def test_the_artifact_and_the_report_gain_nothing(outcomes: list[Outcome]) -> None:
    harmless, hostile = outcomes
    assert shape(hostile.artifact).links == []
    assert set(shape(hostile.artifact).tags) <= {*shape(harmless.artifact).tags, "ul", "li"}
    report = Report("x", papers=day_papers(hostile.release, date.fromisoformat(DAY)))
    assert shape(report_markdown(report)).links == []
    assert set(shape(report_markdown(report)).tags) == set(shape(harmless.artifact).tags) - {"ul", "li"}


def korean_of(rows: pl.DataFrame) -> list[str]:
    """Every Korean text of these rows."""
    summaries = rows["summary_ko"].drop_nulls().explode().drop_nulls().struct.field("text")
    columns = [rows["title_ko"], rows["abstract_ko"], summaries]
    return pl.concat([column.cast(pl.String) for column in columns]).drop_nulls().to_list()


def test_korean_that_was_published_is_plain_and_tells_no_secret(outcomes: list[Outcome]) -> None:
    published = korean_of(outcomes[1].release)
    assert len(published) > 30
    for text in published:
        assert plain(text) == text
        assert KEY not in text
        assert not [line for line in PROMPT_LINES if line in text]
        assert not re.search(r"<(?:script|img|iframe|svg|a)\b", text, re.IGNORECASE)


def test_the_key_and_the_prompt_reach_no_page_no_log_and_no_terminal(outcomes: list[Outcome]) -> None:
    for each in outcomes:
        said = [each.artifact, each.terminal, each.log]
        assert [text for text in [*said, *each.pages.values()] if KEY in text] == []
        assert [line for text in said for line in PROMPT_LINES if line in text] == []


def test_the_key_reaches_no_file_even_when_an_answer_quotes_it(outcomes: list[Outcome]) -> None:
    hostile = outcomes[1]
    assert [name for name, content in hostile.files.items() if KEY.encode() in content] == []
    assert KEY not in hostile.csv


def test_no_cell_of_the_csv_is_a_formula(outcomes: list[Outcome]) -> None:
    csv.field_size_limit(10_000_000)
    for each in outcomes:
        head, *rows = csv.reader(io.StringIO(each.csv))
        assert len(rows) == each.release.height
        assert {len(row) for row in rows} == {len(head)}
        cells = [cell for row in rows for cell in row]
        assert [cell for cell in cells if re.match(r"[=+\-@\t\r\n]", cell)] == []
        assert [cell for cell in cells if re.search(r"[\x00-\x08\x0b-\x1f]", cell)] == []
