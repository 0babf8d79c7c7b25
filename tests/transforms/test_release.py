"""RELEASE: every listing once, with the best English and the Korean made from it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.tables import ABSTRACTS, ARCHIVE, CORRECTIONS, PAPERS, RELEASE, TRANSLATIONS
from tablerows import (
    ABSTRACT,
    LATER,
    SEEN,
    TITLE,
    abstract,
    abstracts,
    archive,
    archived,
    paper,
    papers,
    release_rows,
    released,
    translation,
    translations,
)
from transforms.prompt import source_of
from transforms.release import listings, without_archived_korean, without_korean
from transforms.release import release as released_with


def release(
    listed: pl.DataFrame, known: pl.DataFrame, done: pl.DataFrame, archive: pl.DataFrame | None = None
) -> pl.DataFrame:
    archive = ARCHIVE.empty() if archive is None else archive
    return released_with(listed, known, done, archive, CORRECTIONS.empty())


def test_nothing_listed_releases_nothing_with_every_column() -> None:
    rows = release(PAPERS.empty(), abstracts(abstract()), translations(translation()))
    assert_frame_equal(rows, RELEASE.empty())


def test_a_paper_of_which_nothing_else_is_known_is_pending() -> None:
    rows = release(papers(paper()), ABSTRACTS.empty(), TRANSLATIONS.empty())
    assert_frame_equal(rows, release_rows(released(abstract=None, abstract_source=None)))


def test_listing_paper_korean_and_provenance_stand_in_one_row() -> None:
    source = source_of("2603.00001", "arXiv's $n$", ABSTRACT).source_sha256
    published = datetime(2026, 3, 1, tzinfo=UTC)
    known = abstract(
        abstract_source="arxiv",
        title="arXiv's $n$",
        arxiv_authors=["B. Kim", "A. Lind"],
        arxiv_published_at=published,
        categories=["cs.CL"],
        primary_category="cs.CL",
    )
    korean = translation(source_sha256=source, translated_at=LATER)
    rows = release(papers(paper(upvotes=9)), abstracts(known), translations(korean))
    expected = released(
        upvotes=9,
        title="arXiv's $n$",
        authors=["B. Kim", "A. Lind"],
        published_at=published,
        abstract_source="arxiv",
        categories=["cs.CL"],
        primary_category="cs.CL",
        title_ko=korean["title_ko"],
        abstract_ko=korean["abstract_ko"],
        summary_ko=korean["summary_ko"],
        translation_status="ok",
        model="gpt-test-1",
        prompt_version=korean["prompt_version"],
        source_sha256=source,
        translated_at=LATER,
    )
    assert_frame_equal(rows, release_rows(expected))
    RELEASE.schema.validate(rows)


def test_the_hubs_title_authors_and_date_stand_in_where_arxivs_are_missing() -> None:
    published = datetime(2026, 3, 2, tzinfo=UTC)
    (row,) = release(
        papers(paper(published_at=published)), abstracts(abstract()), TRANSLATIONS.empty()
    ).to_dicts()
    assert row["authors"] == ["Bo-ra Kim", "Alva Lind"]
    assert row["published_at"] == published


def status_of(*rows: dict[str, Any]) -> tuple[str, str | None]:
    (row,) = release(papers(paper()), abstracts(abstract()), translations(*rows)).to_dicts()
    return row["translation_status"], row["model"]


def rejected(**values: Any) -> dict[str, Any]:
    issue = {"code": "register", "severity": "error", "field": "title_ko", "message": "x"}
    return translation(
        translation_status="rejected",
        title_ko=None,
        abstract_ko=None,
        summary_ko=None,
        translation_issues=[issue],
        **values,
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], ("pending", None)),
        ([rejected(model="a")], ("rejected", "a")),
        (
            [translation(model="a"), translation(model="b", recipe_id="other", translated_at=LATER)],
            ("ok", "b"),
        ),
        ([translation(model="a"), rejected(model="b", recipe_id="other", translated_at=LATER)], ("ok", "a")),
        ([translation(model="a", source_sha256="0" * 64, translated_at=LATER)], ("pending", None)),
        ([translation("2603.00002", model="a")], ("pending", None)),
    ],
    ids=["none", "rejected", "latest", "ok before latest", "other english", "other paper"],
)
def test_of_several_translations_of_today_s_english_the_best_is_chosen(
    rows: list[dict[str, Any]], expected: tuple[str, str | None]
) -> None:
    assert status_of(*rows) == expected
    assert status_of(*reversed(rows)) == expected


def test_a_rejected_paper_is_released_in_english_with_its_reasons() -> None:
    (row,) = release(papers(paper()), abstracts(abstract()), translations(rejected())).to_dicts()
    assert (row["title_ko"], row["abstract"]) == (None, ABSTRACT)
    assert row["translation_issues"][0]["code"] == "register"


def test_a_pending_paper_tells_which_english_is_waiting() -> None:
    (row,) = release(papers(paper()), abstracts(abstract()), TRANSLATIONS.empty()).to_dicts()
    assert row["source_sha256"] == translation()["source_sha256"]


def test_a_paper_on_two_lists_is_released_on_both_with_the_same_korean() -> None:
    listed = papers(paper(list_date=date(2026, 3, 6), rank=9), paper())
    rows = release(listed, abstracts(abstract()), translations(translation()))
    assert rows.select("list_date", "rank", "translation_status").rows() == [
        (date(2026, 3, 5), 1, "ok"),
        (date(2026, 3, 6), 9, "ok"),
    ]


def test_a_delisted_paper_stays_in_the_release() -> None:
    rows = release(papers(paper(delisted_at=LATER)), ABSTRACTS.empty(), TRANSLATIONS.empty())
    assert rows["delisted_at"].to_list() == [LATER]


# The archive -------------------------------------------------------------------------------------


def test_a_listing_that_only_the_archive_has_is_released_with_its_korean_and_without_times() -> None:
    (row,) = release(
        PAPERS.empty(),
        ABSTRACTS.empty(),
        TRANSLATIONS.empty(),
        archive(archived(upvotes=None, model="gpt-4")),
    ).to_dicts()
    RELEASE.schema.validate(release_rows(row))
    assert (row["translation_status"], row["model"]) == ("archived", "gpt-4")
    assert row["summary_ko"] == [{"section": None, "text": "문서를 읽는 모델입니다."}]
    assert (row["upvotes"], row["first_seen_at"], row["title_ko"], row["source_sha256"]) == (None,) * 4


def test_facts_of_the_api_win_over_the_archives_and_its_korean_stays() -> None:
    listed = papers(paper(upvotes=9, title="Hub's title"))
    old = archive(archived(upvotes=2, title="Old title", authors=["Z. Old"]))
    (row,) = release(listed, ABSTRACTS.empty(), TRANSLATIONS.empty(), old).to_dicts()
    assert (row["upvotes"], row["title"], row["authors"]) == (9, "Hub's title", ["Bo-ra Kim", "Alva Lind"])
    assert row["translation_status"] == "archived"
    assert row["first_seen_at"] == SEEN


def test_a_translation_that_passed_wins_over_the_archive_and_a_rejected_one_does_not() -> None:
    old = archive(archived())
    (row,) = release(papers(paper()), abstracts(abstract()), translations(translation()), old).to_dicts()
    assert (row["translation_status"], row["title_ko"]) == ("ok", translation()["title_ko"])
    (row,) = release(papers(paper()), abstracts(abstract()), translations(rejected()), old).to_dicts()
    assert (row["translation_status"], row["translation_issues"]) == ("archived", [])


def test_a_listing_without_korean_in_the_archive_is_pending() -> None:
    old = archive(archived(summary_ko=None))
    (row,) = release(PAPERS.empty(), ABSTRACTS.empty(), TRANSLATIONS.empty(), old).to_dicts()
    assert (row["translation_status"], row["model"]) == ("pending", None)
    assert without_korean(listings(PAPERS.empty(), old), old).height == 1


def test_papers_that_the_archive_has_in_korean_are_not_wanted_again() -> None:
    listed = listings(papers(paper(), paper("2603.00002", rank=2)), archive(archived()))
    assert without_korean(listed, archive(archived()))["paper_id"].to_list() == ["2603.00002"]


@pytest.mark.parametrize(
    ("done", "status"), [([], "pending"), ([translation()], "ok"), ([rejected()], "rejected")]
)
def test_without_the_archives_korean_a_paper_is_as_if_nobody_had_archived_any(
    done: list[dict[str, Any]], status: str
) -> None:
    tables = papers(paper(upvotes=9)), abstracts(abstract()), translations(*done)
    old = archive(archived(model="gpt-4"), archived("2603.00002", rank=2, model="gpt-4"))
    rows = release(*tables, without_archived_korean(old))
    RELEASE.schema.validate(rows)
    assert rows["translation_status"].to_list() == [status, "pending"]
    assert_frame_equal(rows[:1], release(*tables, ARCHIVE.empty()))
    (only_archived,) = rows[1:].to_dicts()
    provenance = ("title_ko", "summary_ko", "model", "prompt_version", "source_sha256", "translated_at")
    assert [only_archived[name] for name in provenance] == [None] * 6
    assert (only_archived["title"], only_archived["upvotes"]) == (TITLE, 2)


LISTED = st.lists(st.tuples(st.integers(1, 5), st.integers(5, 8)), unique=True, max_size=10).map(
    lambda keys: [
        paper(f"2603.{number:05d}", list_date=date(2026, 3, day), rank=1 + (number * day) % 3)
        for number, day in keys
    ]
)
KNOWN = st.sets(st.integers(1, 6)).map(lambda numbers: [f"2603.{number:05d}" for number in numbers])
TRIES = st.lists(
    st.tuples(st.integers(1, 5), st.sampled_from(["r1", "r2"]), st.booleans(), st.integers(0, 2)),
    unique_by=lambda entry: entry[:2],
)


@given(LISTED, KNOWN, TRIES, st.integers(0, 99))
def test_no_listing_is_lost_or_doubled_and_row_order_does_not_matter(
    listed: list[dict[str, Any]], known: list[str], tries: list[tuple[int, str, bool, int]], seed: int
) -> None:
    tables = [
        papers(*listed),
        abstracts(*(abstract(paper_id) for paper_id in known)),
        translations(
            *(
                (translation if is_ok else rejected)(
                    paper_id=f"2603.{number:05d}",
                    recipe_id=recipe,
                    model=f"{recipe}-{hours}",
                    translated_at=SEEN + timedelta(hours=hours),
                )
                for number, recipe, is_ok, hours in tries
            )
        ),
    ]
    rows = release(*tables)
    RELEASE.schema.validate(rows)
    assert sorted(rows.select(PAPERS.key).rows()) == sorted(tables[0].select(PAPERS.key).rows())
    keys = rows.select("list_date", "rank", "paper_id").rows()
    assert keys == sorted(keys)
    shuffled = [table.sample(fraction=1, shuffle=True, seed=seed) for table in tables]
    assert_frame_equal(release(*shuffled), rows)
