"""RELEASE: listing, paper, Korean and provenance joined, one row per (list_date, paper_id).

Three sources meet here: what the API lists (PAPERS), what the predecessor's logs list (ARCHIVE) and what
is known of each paper (ABSTRACTS, TRANSLATIONS, CORRECTIONS). Facts of the API win over the archive's; a
person's Korean wins over a model's that passed the gate, which wins over the archive's, which wins over
none. Called by flows/month_of_configs.py and
flows/pipeline.py.
"""

import polars as pl

from schemas.tables import PAPERS, RELEASE
from transforms.corrections import standing_corrections
from transforms.translations import translation_sources

_KOREAN = ("title_ko", "abstract_ko", "summary_ko")
_ABOUT = ("translation_status", "translation_issues", "model", "prompt_version", "translated_at")


def listings(papers: pl.DataFrame, archive: pl.DataFrame) -> pl.DataFrame:
    """The PAPERS rows, and the ARCHIVE rows that no PAPERS row has, in PAPERS' columns.

    A listing that only the archive has was never seen by a fetch: its times are null.
    """
    schema = PAPERS.empty().schema
    only_archived = archive.join(papers, on=PAPERS.key, how="anti").with_columns(
        is_withdrawn=pl.lit(False), ai_keywords=pl.lit([], dtype=schema["ai_keywords"])
    )
    missing = [
        pl.lit(None, dtype=schema[name]).alias(name) for name in schema if name not in only_archived.columns
    ]
    return pl.concat([papers, only_archived.with_columns(missing).select(papers.columns)])


def release(
    papers: pl.DataFrame,
    abstracts: pl.DataFrame,
    translations: pl.DataFrame,
    archive: pl.DataFrame,
    corrections: pl.DataFrame,
) -> pl.DataFrame:
    """RELEASE rows for these listings, sorted by (list_date, rank, paper_id); none lost, none doubled.

    arXiv's title, authors and date win over the Hub's and the archive's. A translation counts when it was
    made from today's English; of several, an ok one wins over a rejected one and then the latest. So does a
    correction, and it wins over all of them; one of the archive's Korean stays the archive's: it is there
    where ``archive`` has that Korean, and nowhere else.
    """
    sources = translation_sources(abstracts).select("paper_id", "source_sha256")
    return (
        listings(papers, archive)
        .join(abstracts.rename({"title": "best_title"}), on="paper_id", how="left")
        .join(sources, on="paper_id", how="left")
        .join(_chosen(translations, sources), on="paper_id", how="left")
        .join(_archived_korean(archive), on=PAPERS.key, how="left")
        .join(_corrected(corrections, sources), on="paper_id", how="left")
        .with_columns(
            title=pl.coalesce("best_title", "title"),
            authors=pl.coalesce("arxiv_authors", "authors"),
            published_at=pl.coalesce("arxiv_published_at", "published_at"),
            is_archived=pl.col("archived_summary").is_not_null()
            & (pl.col("translation_status") != "ok").fill_null(True),
        )
        .with_columns(
            translation_status=pl.when("is_archived")
            .then(pl.lit("archived"))
            .otherwise(pl.col("translation_status").fill_null("pending")),
            summary_ko=_archived_or("archived_summary", "summary_ko"),
            model=_archived_or("archived_model", "model"),
            prompt_version=_archived_or(None, "prompt_version"),
            source_sha256=_archived_or(None, "source_sha256"),
            translated_at=_archived_or(None, "translated_at"),
            translation_issues=_archived_or(pl.lit([]), pl.col("translation_issues").fill_null(pl.lit([]))),
            is_corrected=(pl.col("corrected.translation_status") == "ok")
            | (pl.col("corrected.translation_status") == "archived")
            & pl.col("archived_summary").is_not_null(),
        )
        .with_columns(
            pl.when("is_corrected").then(f"corrected.{name}").otherwise(name).alias(name)
            for name in (*_KOREAN, *_ABOUT, "source_sha256")
        )
        .with_columns(corrected_at=pl.when("is_corrected").then("corrected.corrected_at"))
        .select(RELEASE.schema.column_names())
        .sort("list_date", "rank", "paper_id")
    )


def without_archived_korean(archive: pl.DataFrame) -> pl.DataFrame:
    """The ARCHIVE rows with their facts alone, from which ``release`` makes what may be published.

    Before the join and not after it: a paper then has the status and the provenance that it would have had
    the archive no Korean of it, whether nobody translated it or the gate refused the translation.
    """
    return archive.with_columns(summary_ko=pl.lit(None, archive.schema["summary_ko"]))


def without_korean(listed: pl.DataFrame, archive: pl.DataFrame) -> pl.DataFrame:
    """The listings of papers that the archive has no Korean for."""
    return listed.join(archive.drop_nulls("summary_ko"), on="paper_id", how="anti")


def _chosen(translations: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """The translation of each paper that counts, in RELEASE's columns; a rejected one without its Korean."""
    is_ok = pl.col("translation_status") == "ok"
    return (
        translations.join(sources, on=["paper_id", "source_sha256"], how="semi")
        .sort(is_ok, "translated_at", "recipe_id")
        .unique("paper_id", keep="last")
        .select("paper_id", pl.when(is_ok).then(pl.col(_KOREAN)), *_ABOUT)
    )


def _corrected(corrections: pl.DataFrame, sources: pl.DataFrame) -> pl.DataFrame:
    """The correction of each paper that counts, in RELEASE's columns, each named corrected.<column>."""
    is_archived = pl.col("status_before") == "archived"
    columns = standing_corrections(corrections, sources).select(
        "paper_id",
        *_KOREAN,
        "source_sha256",
        pl.when(is_archived).then(pl.lit("archived")).otherwise(pl.lit("ok")).alias("translation_status"),
        "translation_issues",
        "model",
        "prompt_version",
        "translated_at",
        "corrected_at",
    )
    return columns.rename(lambda name: name if name == "paper_id" else f"corrected.{name}")


def _archived_korean(archive: pl.DataFrame) -> pl.DataFrame:
    """Korean of the archive by listing; listings without any are left out."""
    return archive.drop_nulls("summary_ko").select(
        *PAPERS.key, archived_summary="summary_ko", archived_model="model"
    )


def _archived_or(archived: str | pl.Expr | None, column: str | pl.Expr) -> pl.Expr:
    given = pl.lit(None) if archived is None else archived
    return pl.when("is_archived").then(given).otherwise(column)
