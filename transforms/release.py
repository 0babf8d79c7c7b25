"""RELEASE: listing, paper, Korean and provenance joined, one row per (list_date, paper_id).

Called by flows/publish.py with a month of PAPERS and whatever ABSTRACTS and TRANSLATIONS know of its
papers.
"""

import polars as pl

from schemas.tables import RELEASE
from transforms.translations import translation_sources


def release(papers: pl.DataFrame, abstracts: pl.DataFrame, translations: pl.DataFrame) -> pl.DataFrame:
    """RELEASE rows for these papers, sorted by (list_date, rank, paper_id); none lost, none doubled.

    arXiv's title, authors and date win over the Hub's. A translation counts when it was made from today's
    English; of several, an ok one wins over a rejected one and then the latest.
    """
    sources = translation_sources(abstracts).select("paper_id", "source_sha256")
    chosen = (
        translations.join(sources, on=["paper_id", "source_sha256"], how="semi")
        .sort(pl.col("translation_status") == "ok", "translated_at", "recipe_id")
        .unique("paper_id", keep="last")
        .drop("recipe_id", "calls", "input_tokens", "cached_tokens", "output_tokens", "source_sha256")
    )
    return (
        papers.join(abstracts.rename({"title": "best_title"}), on="paper_id", how="left")
        .join(sources, on="paper_id", how="left")
        .join(chosen, on="paper_id", how="left")
        .with_columns(
            title=pl.coalesce("best_title", "title"),
            authors=pl.coalesce("arxiv_authors", "authors"),
            published_at=pl.coalesce("arxiv_published_at", "published_at"),
            translation_status=pl.col("translation_status").fill_null("pending"),
            translation_issues=pl.col("translation_issues").fill_null(pl.lit([])),
        )
        .select(RELEASE.schema.column_names())
        .sort("list_date", "rank", "paper_id")
    )
