"""A lake with a million listings to ask: months of made papers whose texts, names and votes vary as real
ones do, so that files have their real size and groups their real number.

Called by tests/benchmarks/test_asking.py.
"""

from datetime import UTC, date, datetime

import polars as pl

from flows.storage import Lake
from schemas.tables import RELEASE, VOTES

MONTHS = [f"{year}-{month:02}" for year in range(2016, 2026) for month in range(1, 13)]
_DAYS = 28
_SYLLABLES = (
    "ba",
    "den",
    "fi",
    "gor",
    "ka",
    "lum",
    "ne",
    "pro",
    "ra",
    "sta",
    "ti",
    "vex",
    "wo",
    "yl",
    "zen",
    "mor",
)
_HANGUL = (
    "학습",
    "모델",
    "언어",
    "강화",
    "강화학습",
    "강화 학습",
    "문서",
    "방법",
    "성능",
    "평가",
    "영상",
    "추론",
)


def write_history(lake: Lake, rows: int) -> int:
    """Fill RELEASE and VOTES with about so many listings; how many."""
    count = rows // len(MONTHS)
    for number, month in enumerate(MONTHS):
        listings = _month(month, count, number)
        lake.write_release(month, listings.select(RELEASE.schema.column_names()))
        path = lake.path(VOTES, month)
        path.parent.mkdir(parents=True, exist_ok=True)
        _votes(listings).write_parquet(path)
    return count * len(MONTHS)


def _votes(listings: pl.DataFrame) -> pl.DataFrame:
    first = listings.select(
        "list_date", "paper_id", pl.col("first_seen_at").alias("observed_at"), "upvotes", "comment_count"
    )
    later = first.with_columns(pl.col("observed_at").dt.offset_by("1d"), upvotes=pl.col("upvotes") * 2)
    return pl.concat([first, later]).select(VOTES.schema.column_names()).sort(VOTES.key)


def _words(count: int) -> pl.Series:
    parts = pl.Series(_SYLLABLES)
    made = [_drawn(parts, count, seed) for seed in range(3)]
    return made[0] + made[1] + made[2]


def _drawn(pool: pl.Series, count: int, seed: int, skew: float = 1.0) -> pl.Series:
    """So many of the pool by chance; a higher skew draws the pool's beginning more often."""
    share = pl.int_range(0, 1_000_000, eager=True).sample(count, with_replacement=True, seed=seed) / 1_000_000
    return pool.gather((share**skew * len(pool)).cast(pl.UInt32))


def _lists(pool: pl.Series, rows: int, each: int, seed: int, skew: float = 1.0) -> pl.Series:
    return _drawn(pool, rows * each, seed, skew).reshape((rows, each)).arr.to_list()


def _month(month: str, count: int, seed: int) -> pl.DataFrame:
    words, hangul = _words(4000), pl.Series(_HANGUL)
    mixed = pl.concat([hangul, words.head(200)])
    names = pl.select(pl.format("Author Number{}", pl.int_range(60_000))).to_series()
    number = pl.int_range(count, dtype=pl.Int64)
    first = date.fromisoformat(f"{month}-01")
    at = pl.lit(datetime(first.year, first.month, 1, 23, tzinfo=UTC))
    text = {
        name: _lists(pool, count, length, seed * 100 + place).list.join(" ")
        for place, (name, pool, length) in enumerate(
            [
                ("title", words, 10),
                ("abstract", words, 160),
                ("ai_summary", words, 25),
                ("title_ko", hangul, 10),
                ("abstract_ko", mixed, 110),
                ("bullet", mixed, 30),
            ]
        )
    }

    def chance(name: int) -> pl.Series:
        return pl.int_range(0, 1000, eager=True).sample(
            count, with_replacement=True, seed=seed * 100 + 50 + name
        )

    categories = pl.Series([f"cs.{a}{b}" for a in "ACLRS" for b in "AEGIVX"])
    video = pl.concat_list(pl.format("https://cdn.example.org/{}.mp4", number))
    schema = RELEASE.empty().schema
    frame = pl.select(number.alias("number")).with_columns(
        **{name: series for name, series in text.items() if name != "bullet"},
        list_date=pl.lit(first).dt.offset_by(pl.format("{}d", number % _DAYS)).cast(pl.Date),
        rank=number // _DAYS + 1,
        paper_id=pl.lit(month[2:4] + month[5:] + ".") + (number + 1).cast(pl.String).str.zfill(5),
        upvotes=(chance(1) / 1000) ** 4 * 400 // 1,
        comment_count=chance(2) % 7,
        submitted_at=at, first_seen_at=at, last_seen_at=at, published_at=at, translated_at=at,
        authors=_lists(names, count, 6, seed * 100 + 60, skew=2.0),
        abstract_source=pl.lit("arxiv"),
        categories=_lists(categories, count, 2, seed * 100 + 61, skew=3.0),
        primary_category=pl.lit("cs.AA"),
        is_withdrawn=pl.lit(False),
        organization=pl.when(chance(3) < 330).then(_drawn(words.head(800), count, seed * 100 + 62, skew=2.0)),
        media_urls=pl.when(chance(4) < 160).then(video).otherwise(pl.lit([], pl.List(pl.String))),
        ai_keywords=_lists(words, count, 6, seed * 100 + 63, skew=2.0),
        summary_ko=pl.concat_list([pl.struct(section=pl.lit(None, pl.String), text=text["bullet"])] * 3),
        translation_status=pl.when(chance(5) < 950).then(pl.lit("ok")).otherwise(pl.lit("pending")),
        translation_issues=pl.lit([]),
        model=pl.lit("made"), prompt_version=pl.lit("2026-01-01"),
    )  # fmt: skip
    missing = [pl.lit(None).alias(name) for name in schema if name not in frame.columns]
    frame = frame.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    return frame.sort("list_date", "rank", "paper_id")
