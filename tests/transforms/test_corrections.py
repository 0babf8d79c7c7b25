"""Which correction counts, what a person may give, and the row that keeps it."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.tables import ARCHIVE, CORRECTIONS, TRANSLATIONS
from tablerows import (
    ABSTRACT,
    LATER,
    SEEN,
    TITLE,
    abstract,
    abstracts,
    archive,
    archived,
    corrected,
    corrections,
    paper,
    papers,
    rejection,
    taken_back,
    translation,
    translations,
)
from transforms.corrections import (
    Standing,
    Unusable,
    correction,
    is_released,
    korean_of,
    left_behind,
    proposal,
    said,
    shown_text,
    standing,
    standing_corrections,
    taking_back,
    without_corrected,
)
from transforms.parallel import parallel
from transforms.release import release, without_archived_korean
from transforms.translations import translation_sources

PAPER = "2603.00001"
OTHER = "0" * 64
NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
SOURCES = translation_sources(abstracts(abstract()))
MADE = translation()
WHO = ("Kim Minji", "The title said grinding.")


def rows_with(*made: dict[str, Any], done: list[dict[str, Any]] | None = None) -> pl.DataFrame:
    korean = translations(*([MADE] if done is None else done))
    return release(papers(paper()), abstracts(abstract()), korean, ARCHIVE.empty(), corrections(*made))


def titles(*made: dict[str, Any], done: list[dict[str, Any]] | None = None) -> str | None:
    title: str | None = rows_with(*made, done=done)["title_ko"].item()
    return title


# In the release ----------------------------------------------------------------------------------


def test_a_correction_stands_in_the_release_with_the_provenance_of_what_it_started_from() -> None:
    (before,), (after,) = rows_with().to_dicts(), rows_with(corrected()).to_dicts()
    assert after == before | {"title_ko": corrected()["title_ko"], "corrected_at": LATER}
    assert (after["translation_status"], after["model"]) == ("ok", "gpt-test-1")


def test_no_later_translation_and_no_rejection_displaces_it() -> None:
    later = translation(recipe_id="other", translated_at=LATER + timedelta(days=9), title_ko="다른 제목")
    expected = rows_with(corrected())
    assert_frame_equal(rows_with(corrected(), done=[MADE, later]), expected)
    assert_frame_equal(rows_with(corrected(), done=[rejection()]), expected)
    assert_frame_equal(rows_with(corrected(), done=[]), expected)


def test_it_counts_for_the_english_it_was_made_for_and_for_no_other() -> None:
    assert titles(corrected(source_sha256=OTHER)) == MADE["title_ko"]


def test_what_the_person_took_though_the_gate_found_errors_says_so() -> None:
    fault = {"code": "register", "severity": "error", "field": "abstract_ko", "message": "Not 합니다체."}
    (row,) = rows_with(corrected(translation_issues=[fault])).to_dicts()
    assert (row["translation_status"], row["translation_issues"]) == ("ok", [fault])


def test_of_two_corrections_the_newer_counts_and_taking_it_back_brings_the_older_one_again() -> None:
    first, second = corrected(), corrected(corrected_at=LATER + timedelta(days=1), title_ko="둘째")
    undone = taken_back(second["corrected_at"])
    assert titles(first, second) == titles(second, first) == "둘째"
    assert_frame_equal(rows_with(first, second, undone), rows_with(first))
    assert_frame_equal(rows_with(first, second, undone, taken_back(LATER)), rows_with())


def test_parallel_takes_the_corrected_korean() -> None:
    pairs = parallel(rows_with(corrected()), pl.Series([], dtype=pl.String))
    assert pairs.filter(pl.col("field") == "title")["ko"].to_list() == [corrected()["title_ko"]]


# The archive's Korean, which has a licence of its own ---------------------------------------------

MENDED = [{"section": None, "text": "긴 문서를 나누어 읽는 모델입니다."}]
OF_ARCHIVE = corrected(
    title_ko=None,
    abstract_ko=None,
    summary_ko=MENDED,
    status_before="archived",
    model="gpt-4-turbo",
    prompt_version=None,
    translated_at=None,
)


def of_archive(old: pl.DataFrame, *listed: dict[str, Any], done: pl.DataFrame | None = None) -> pl.DataFrame:
    done = TRANSLATIONS.empty() if done is None else done
    return release(papers(*listed), abstracts(abstract()), done, old, corrections(OF_ARCHIVE))


def test_the_archives_korean_that_a_person_mended_stays_the_archives() -> None:
    (row,) = of_archive(archive(archived())).to_dicts()
    assert (row["summary_ko"], row["translation_status"], row["model"]) == (MENDED, "archived", "gpt-4-turbo")
    assert (row["corrected_at"], row["translated_at"]) == (LATER, None)
    assert parallel(of_archive(archive(archived())), pl.Series([], dtype=pl.String)).is_empty()


def test_it_goes_out_where_the_archives_korean_does_and_nowhere_else() -> None:
    hidden = without_archived_korean(archive(archived()))
    (row,) = of_archive(hidden).to_dicts()
    assert (row["summary_ko"], row["translation_status"], row["corrected_at"]) == (None, "pending", None)
    (row,) = of_archive(hidden, paper(), done=translations(MADE)).to_dicts()
    assert (row["title_ko"], row["translation_status"], row["corrected_at"]) == (MADE["title_ko"], "ok", None)
    # Another list of the paper, which the archive never had.
    rows = of_archive(archive(archived()), paper(list_date=date(2026, 4, 1)))
    assert rows["translation_status"].to_list() == ["archived", "pending"]
    assert rows["summary_ko"].to_list() == [MENDED, None]


# Which papers ------------------------------------------------------------------------------------


def test_a_corrected_paper_is_not_asked_for_until_its_correction_is_taken_back() -> None:
    sources = translation_sources(abstracts(abstract(), abstract("2603.00002")))
    left = without_corrected(sources, corrections(corrected()))
    assert left["paper_id"].to_list() == ["2603.00002"]
    assert left.columns == sources.columns
    undone = corrections(corrected(), taken_back(LATER))
    assert_frame_equal(without_corrected(sources, undone), sources)
    assert_frame_equal(without_corrected(sources, corrections(corrected(source_sha256=OTHER))), sources)


def test_a_correction_of_english_that_changed_is_named_until_somebody_decides() -> None:
    stale = corrected(source_sha256=OTHER)
    assert left_behind(corrections(corrected()), SOURCES) == []
    assert left_behind(corrections(stale), SOURCES) == [PAPER]
    assert left_behind(corrections(stale, corrected(corrected_at=NOW)), SOURCES) == []
    assert left_behind(corrections(stale, taken_back(LATER, source_sha256=OTHER)), SOURCES) == []
    assert left_behind(corrections(stale), SOURCES.clear()) == [PAPER]


DECISIONS = st.lists(
    st.tuples(st.sampled_from([PAPER, "2603.00002"]), st.booleans(), st.booleans()), max_size=12
)


@given(DECISIONS, st.integers(0, 99))
def test_taking_back_as_often_as_was_corrected_restores_the_release_and_touches_no_other_paper(
    decisions: list[tuple[str, bool, bool]], seed: int
) -> None:
    both = papers(paper(), paper("2603.00002", rank=2))
    known = abstracts(abstract(), abstract("2603.00002"))
    done = translations(MADE, translation("2603.00002"))
    table = CORRECTIONS.empty()

    def now() -> pl.DataFrame:
        return release(both, known, done, ARCHIVE.empty(), table.sample(fraction=1, shuffle=True, seed=seed))

    before = now()
    for number, (paper_id, is_undo, is_late) in enumerate(decisions):
        was, own = now(), table.filter(pl.col("paper_id") == paper_id)
        at = standing(was.filter(pl.col("paper_id") == paper_id), sources_of(known, paper_id), done)
        assert at is not None
        # A clock that stands still or goes back moves no decision behind an earlier one.
        clock = NOW + timedelta(hours=number if is_late else -number)
        if is_undo:
            row = taking_back(at, WHO, clock, own)
        else:
            korean = at.shown._replace(title_ko=f"제목 {number}")
            row = correction(at, proposal(edited(at, title_ko=korean.title_ko), at), WHO, clock, own)
        if row is None:
            continue
        CORRECTIONS.schema.validate(row)
        table = pl.concat([table, row])
        others = pl.col("paper_id") != paper_id
        assert_frame_equal(now().filter(others), was.filter(others))
        if not is_undo:
            assert now().filter(~others)["title_ko"].item() == f"제목 {number}"
    for paper_id in (PAPER, "2603.00002"):
        while True:
            at = standing(now().filter(pl.col("paper_id") == paper_id), sources_of(known, paper_id), done)
            assert at is not None
            row = taking_back(at, WHO, NOW, table.filter(pl.col("paper_id") == paper_id))
            if row is None:
                break
            table = pl.concat([table, row])
    assert_frame_equal(now(), before)
    assert table.select(CORRECTIONS.key).is_unique().all()


def sources_of(known: pl.DataFrame, paper_id: str) -> pl.DataFrame:
    return translation_sources(known.filter(pl.col("paper_id") == paper_id))


# What a person is shown and gives ----------------------------------------------------------------


def shown(*made: dict[str, Any], done: list[dict[str, Any]] | None = None) -> Standing:
    tries = [MADE] if done is None else done
    found = standing(rows_with(*made, done=tries), SOURCES, translations(*tries))
    assert found is not None
    return found


def edited(at: Standing, **changed: Any) -> bytes:
    return json.dumps(json.loads(shown_text(at)) | changed).encode()


def test_a_person_is_shown_english_and_korean_and_giving_it_back_changes_nothing() -> None:
    at = shown()
    pair = json.loads(shown_text(at))
    assert (pair["title"], pair["abstract"], pair["title_ko"]) == (TITLE, ABSTRACT, MADE["title_ko"])
    assert is_released(proposal(shown_text(at).encode(), at).korean, at)


def test_of_a_refused_paper_the_best_answer_is_shown_and_may_be_taken_as_it_is() -> None:
    at = shown(done=[rejection(title_ko="거절된 제목")])
    assert at.shown.title_ko == "거절된 제목"
    given_back = proposal(shown_text(at).encode(), at)
    assert not is_released(given_back.korean, at)
    row = correction(at, given_back, WHO, NOW, CORRECTIONS.empty())
    (released,) = rows_with(*row.to_dicts(), done=[rejection(title_ko="거절된 제목")]).to_dicts()
    assert (released["translation_status"], released["title_ko"]) == ("ok", "거절된 제목")
    assert row["status_before"].to_list() == ["rejected"]


def test_a_paper_whose_english_is_not_known_cannot_be_shown() -> None:
    assert standing(rows_with(), SOURCES.clear(), TRANSLATIONS.empty()) is None


def test_the_row_keeps_what_the_release_had_who_decided_and_why() -> None:
    at = shown()
    given_back = proposal(edited(at, title_ko="Millstone: 긴 문서를 나누어 읽기"), at)
    row = correction(at, given_back, WHO, LATER, CORRECTIONS.empty())
    found = [issue._asdict() for issue in given_back.issues]
    assert_frame_equal(row, corrections(corrected(translation_issues=found)))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "expected one JSON object"),
        (b"[]", "expected one JSON object, got a list"),
        (b"\xff{}", "not UTF-8"),
        (b'{"paper_id": NaN}', "NaN is not JSON"),
        (b"[" * 100_000, "JSON"),
        (b"{}", "paper_id: expected text, got no such key"),
    ],
)
def test_what_is_no_pair_is_refused_with_a_sentence(content: bytes, expected: str) -> None:
    with pytest.raises(Unusable) as refused:
        proposal(content, shown())
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"paper_id": "2603.00002"}, "paper_id: expected the paper's own"),
        ({"title": "Milestone"}, "title: expected the paper's own"),
        ({"abstract": ABSTRACT + " More."}, "abstract: expected the paper's own"),
        ({"abstract": None}, "abstract: expected the paper's own"),
        ({"title_ko": 3}, "title_ko: expected text or null, got a number"),
        ({"title_ko": None}, "title_ko: expected Korean, which stands there now, got nothing"),
        ({"title_ko": " \u200b"}, "title_ko: expected Korean, which stands there now, got nothing"),
        ({"summary_ko": []}, "summary_ko: expected Korean"),
        ({"summary_ko": [{"section": "<b>", "text": "새 모델을 제시합니다."}]}, "expected a section of"),
        ({"summary_ko": [{"section": None}]}, "summary_ko[0].text: expected text, got no such key"),
    ],
)
def test_what_cannot_stand_in_the_release_is_refused_with_a_sentence(
    changed: dict[str, Any], expected: str
) -> None:
    with pytest.raises(Unusable) as refused:
        proposal(edited(shown(), **changed), shown())
    assert expected in str(refused.value)


def test_the_korean_becomes_plain_lines() -> None:
    at = shown()
    given_back = proposal(edited(at, title_ko="Mill\u001b[31mstone:\n 긴\u202e 문서 \ud800읽기"), at)
    assert given_back.korean.title_ko == "Mill[31mstone: 긴 문서 읽기"
    assert given_back.errors


def test_markup_in_the_korean_is_an_error_that_a_person_may_overrule() -> None:
    at = shown()
    given_back = proposal(edited(at, title_ko="Millstone: <script>alert(1)</script> 긴 문서 갈기"), at)
    assert given_back.errors
    row = correction(at, given_back, WHO, NOW, CORRECTIONS.empty())
    assert CORRECTIONS.schema.validate(row)["translation_issues"].list.len().item() > 0


def test_who_and_why_are_plain_lines_and_neither_is_empty() -> None:
    assert said(" Kim\tMinji ", "It said\u0007 **grinding**.\nTwice.") == (
        "Kim Minji",
        "It said **grinding**. Twice.",
    )
    for by, why in (("", "x"), ("x", " \n\u200b"), ("x" * 201, "x"), ("x", "x" * 2001)):
        with pytest.raises(Unusable, match="visible characters"):
            said(by, why)


def test_a_correction_of_old_english_is_taken_back_when_none_stands_for_the_present_one() -> None:
    stale = corrected(source_sha256=OTHER)
    row = taking_back(shown(), WHO, NOW, corrections(stale))
    assert row is not None
    assert row.select("source_sha256", "takes_back").row(0) == (OTHER, LATER)
    fresh = corrected(corrected_at=SEEN)
    row = taking_back(shown(), WHO, NOW, corrections(stale, fresh))
    assert row is not None
    assert row["takes_back"].to_list() == [SEEN]
    assert standing_corrections(corrections(stale, fresh), SOURCES)["corrected_at"].to_list() == [SEEN]


def test_a_paper_on_several_lists_is_shown_as_the_one_with_the_most_korean() -> None:
    listed = papers(paper(list_date=date(2026, 4, 1)))
    rows = release(
        listed, abstracts(abstract()), TRANSLATIONS.empty(), archive(archived()), CORRECTIONS.empty()
    )
    found = standing(rows, SOURCES, TRANSLATIONS.empty())
    assert found is not None
    assert found.row["translation_status"] == "archived"
    assert found.shown == korean_of(archived() | {"title_ko": None, "abstract_ko": None})
