"""RELEASE into PARALLEL: each text of a paper in English beside its Korean, for translation research.

A paper is there once, under the first list that it stood on, whatever lists it stands on later: a pair that
came back would be counted twice, and could stand on both sides of a split by date. A summary has no English
counterpart, since it was written in Korean. It is given with the abstract that it sums up and a ``field`` of
its own, so that it serves cross-lingual summarisation and is left out of translation by one comparison.
Called by flows/release.py.
"""

from collections.abc import Collection

import polars as pl

from schemas.tables import PARALLEL

_WHOLE_SUMMARY = "summary_ko"
"""Field of issues that belong to every entry of a summary."""
_PAPER = ["paper_id", "list_date", "model"]


def parallel(rows: pl.DataFrame, listed_before: pl.Series) -> pl.DataFrame:
    """PARALLEL rows of a month: of each paper its title, its abstract and the sections of its summary.

    Only Korean that passed the gate. Entries of one section are one text, so that (paper_id, field) is a key.

    Args:
        rows: RELEASE rows of the month.
        listed_before: Ids of papers that an earlier month lists; they have their rows there.
    """
    papers = (
        rows.filter(pl.col("translation_status") == "ok")
        .join(listed_before.cast(pl.String).rename("paper_id").to_frame(), on="paper_id", how="anti")
        .sort("list_date", "rank", "paper_id")
        .unique("paper_id", keep="first", maintain_order=True)
        .with_row_index("place")
    )
    texts = pl.concat([_whole(papers, "title", 0), _whole(papers, "abstract", 1), _sections(papers)])
    pairs = texts.drop_nulls(["en", "ko"]).filter(pl.col("en") != "").sort("place", "part")
    return (
        pairs.group_by("paper_id", "field", maintain_order=True)
        .agg(pl.first("en", "list_date", "model"), pl.col("ko").str.join(" "))
        .join(_issues(papers, pairs), on=["paper_id", "field"], how="left", maintain_order="left")
        .with_columns(pl.col("issues").fill_null(pl.lit([], PARALLEL.empty().schema["issues"])))
        .select(PARALLEL.schema.column_names())
    )


def earlier_months(paper_ids: Collection[str], month: str, months: Collection[str]) -> list[str]:
    """Those of the lake's ``months`` before ``month`` that may list one of these papers, sorted.

    A paper is listed after arXiv gave it its id, which begins with a month; a list grows for days, so one
    month less is held possible. That keeps a daily run from reading the whole history.
    """
    given = [f"20{paper_id[:2]}-{paper_id[2:4]}" for paper_id in paper_ids]
    # An id from after its own list tells nothing.
    oldest = min((known if known <= month else "" for known in given), default=month)
    before = sorted(each for each in months if each < oldest)[-1:]
    return sorted({*before, *(each for each in months if oldest <= each < month)})


def _whole(papers: pl.DataFrame, field: str, part: int) -> pl.DataFrame:
    return papers.select(
        "place",
        *_PAPER,
        part=pl.lit(part, pl.Int64),
        field=pl.lit(field),
        named=pl.lit(f"{field}_ko"),
        en=field,
        ko=f"{field}_ko",
    )


def _sections(papers: pl.DataFrame) -> pl.DataFrame:
    """The entries of the summaries; ``named`` is what the gate calls them (transforms/gate/case.py)."""
    entries = papers.with_columns(entry=pl.int_ranges(pl.col("summary_ko").list.len())).explode(
        "entry", "summary_ko"
    )
    section, text = (pl.col("summary_ko").struct[name] for name in ("section", "text"))
    known = section.fill_null("")
    return entries.select(
        "place",
        *_PAPER,
        part=2 + pl.col("entry"),
        field=pl.lit("summary") + pl.when(known == "").then(pl.lit("")).otherwise("/" + known),
        named=pl.format("summary_ko[{}]", section.fill_null(pl.col("entry").cast(pl.String))),
        en="abstract",
        ko=text,
    )


def _issues(papers: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """(paper_id, field, issues) of the texts that have any, in the order of the gate."""
    found = (
        papers.select("paper_id", issues="translation_issues")
        .explode("issues")
        .drop_nulls("issues")
        .with_columns(named=pl.col("issues").struct["field"])
        .with_row_index("number")
    )
    is_summary = pl.col("field").str.starts_with("summary")
    names = pl.when(is_summary).then(pl.concat_list("named", pl.lit(_WHOLE_SUMMARY)))
    return (
        pairs.select("paper_id", "field", named=names.otherwise(pl.concat_list("named")))
        .explode("named")
        .unique(maintain_order=True)
        .join(found, on=["paper_id", "named"], how="inner")
        .sort("number")
        .group_by("paper_id", "field", maintain_order=True)
        .agg("issues")
    )
