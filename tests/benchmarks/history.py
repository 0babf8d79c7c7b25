"""A lake with ten years of made history: every table of every month, full-sized texts, all distinct.

The lake's tables are written by Polars straight into its folders: what is measured is a run on such a lake,
not how it came to be. Published tables need the footers that only their own writer makes.
"""

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from flows.storage import Lake
from schemas.tables import (
    ABSTRACTS,
    PAPERS,
    PARALLEL,
    PUBLISHED_VOTES,
    RELEASE,
    TRANSLATIONS,
    VOTES,
    Table,
)
from transforms.parallel import parallel

MONTHS = 120
_DAYS = 28
_ABSTRACT = (
    "We study how a reader of long documents may keep what matters and forget the rest, and we find that a "
    "small memory with a learned rule of forgetting serves as well as one ten times its size. "
)
_KOREAN = "이 논문은 긴 문서를 읽는 모델이 중요한 내용을 기억하고 나머지를 잊는 방법을 연구합니다. "


def write_history(lake: Lake, until: date, rows: int) -> int:
    """Fill every table of the months before ``until`` with about so many rows; the rows of PAPERS."""
    for month in _months_before(until):
        write_month_of_history(lake, month, rows // MONTHS)
    return rows // MONTHS * MONTHS


def write_month_of_history(lake: Lake, month: date, rows: int) -> None:
    """Fill a month of every table with so many rows."""
    name, frame = f"{month:%Y-%m}", _month(month, rows)
    for table in (PAPERS, VOTES, ABSTRACTS, TRANSLATIONS):
        path = lake.path(table, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        _as_table(frame, table).write_parquet(path, compression="zstd", compression_level=1)
    released = _as_table(frame, RELEASE).sort("list_date", "rank", "paper_id")
    lake.write_release(name, released, RELEASE)
    lake.write_release(name, _as_table(frame, VOTES), PUBLISHED_VOTES)
    lake.write_release(name, parallel(released, pl.Series([], dtype=pl.String)), PARALLEL)


def conforms(lake: Lake, until: date) -> bool:
    """Whether the newest made month is what the contracts promise; raises ContractBroken when not."""
    month = f"{_months_before(until)[0]:%Y-%m}"
    tables = (PAPERS, VOTES, ABSTRACTS, TRANSLATIONS, RELEASE)
    return all(lake.read(table, [month]).height > 0 for table in tables)


def disk_mb(home: Path) -> float:
    """Megabytes of all files below a folder."""
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 2**20


def _months_before(until: date) -> list[date]:
    newest = until.year * 12 + until.month - 2
    return [date(number // 12, number % 12 + 1, 1) for number in range(newest, newest - MONTHS, -1)]


def _as_table(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    columns = table.schema.column_names()
    schema = table.empty().schema
    absent = [pl.lit(None).alias(name) for name in columns if name not in frame.columns]
    return (
        frame.with_columns(absent).select(pl.col(name).cast(schema[name]) for name in columns).sort(table.key)
    )


def _month(month: date, count: int) -> pl.DataFrame:
    number = pl.int_range(count, dtype=pl.Int64)
    text = pl.col("paper_id") + pl.lit(" ")
    at = pl.lit(datetime(month.year, month.month, 28, 23, tzinfo=UTC))
    names = pl.concat_list([text + pl.lit(f"Author Number{each}") for each in range(6)])
    frame = pl.select(
        list_date=pl.lit(month).dt.offset_by(pl.format("{}d", number % _DAYS)),
        paper_id=pl.format("{}.{}", pl.lit(f"{month:%y%m}"), (number + 1).cast(pl.String).str.zfill(5)),
        rank=number // _DAYS + 1,
        upvotes=number % 97,
        comment_count=number % 5,
        github_stars=pl.lit(None),
    ).with_columns(list_date=pl.col("list_date").cast(pl.Date))
    section = pl.struct(section=pl.lit(None, pl.String), text=text + pl.lit(_KOREAN * 2))
    return frame.with_columns(
        title=text + pl.lit("A Reader That Keeps What Matters and Forgets the Rest"),
        authors=names,
        arxiv_authors=names,
        abstract=text + pl.lit(_ABSTRACT * 6),
        hub_abstract=text + pl.lit(_ABSTRACT * 6),
        abstract_source=pl.lit("arxiv"),
        categories=pl.lit(["cs.CL"]),
        primary_category=pl.lit("cs.CL"),
        is_withdrawn=pl.lit(False),
        submitted_at=at,
        observed_at=at,
        first_seen_at=at,
        last_seen_at=at,
        fetched_at=at,
        translated_at=at,
        published_at=at,
        arxiv_published_at=at,
        media_urls=pl.lit([], pl.List(pl.String)),
        ai_summary=text + pl.lit(_ABSTRACT),
        ai_keywords=pl.lit(["memory", "reading"]),
        title_ko=text + pl.lit("중요한 것을 기억하는 독자"),
        abstract_ko=text + pl.lit(_KOREAN * 8),
        summary_ko=pl.concat_list([section, section, section]),
        translation_status=pl.lit("ok"),
        translation_issues=pl.lit([]),
        model=pl.lit("sandbox-pseudo"),
        prompt_version=pl.lit("2024-01-01"),
        recipe_id=pl.lit("0123456789ab"),
        source_sha256=pl.format(
            "{}{}", pl.lit("0" * 55), pl.col("paper_id").str.replace(".", "", literal=True)
        ),
        rounds=pl.lit(1),
        answers=pl.lit([]),
        calls=pl.lit(1),
        input_tokens=pl.lit(1500),
        cached_tokens=pl.lit(1024),
        output_tokens=pl.lit(900),
        reasoning_tokens=pl.lit(0),
    )
