"""Each named question over the stored lists and logs, against the same counted by plain Python."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from flows.ask import ask
from flows.storage import Lake
from realdays import KOREAN, Listing, categories_of, expected_listings, fetches, fill, needs_them
from transforms.questions import questions

pytestmark = needs_them
Ask = Callable[..., list[dict[str, Any]]]
FIRST, LAST = "2023-11", "2026-08"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("real") / "data"
    fill(Lake(home))
    return home


@pytest.fixture(scope="module")
def every() -> list[Listing]:
    return expected_listings()


@pytest.fixture
def listed(every: list[Listing]) -> list[Listing]:
    return [listing for listing in every if not listing.is_delisted]


@pytest.fixture
def answer(home: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Ask:
    monkeypatch.setenv("DAILY_PAPERS_HOME", str(home))

    def answered(query: str, **values: object) -> list[dict[str, Any]]:
        given = [f"{name}={value}" for name, value in values.items()]
        code = ask(query, format="json", parameters=given)
        out, err = capsysbinary.readouterr()
        assert code == 0, err
        return list(json.loads(out))

    return answered


def test_every_question_is_checked_here() -> None:
    checked = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert {each.name for each in questions()} - checked == set()


def test_the_lake_holds_what_python_counts(answer: Ask, every: list[Listing]) -> None:
    (row,) = answer("SELECT count(*) AS rows, count(delisted_at) AS delisted FROM release")
    assert row == {"rows": len(every), "delisted": sum(each.is_delisted for each in every)}
    assert row["delisted"] > 0


def test_top_papers(answer: Ask, listed: list[Listing]) -> None:
    for month in ("2024-06", "2024-03", LAST):
        best: dict[str, Listing] = {}
        for each in listed:
            if each.month == month and each.votes is not None:
                known = best.get(each.paper_id)
                if known is None or (-each.votes, each.day) < (-(known.votes or 0), known.day):
                    best[each.paper_id] = each
        order = sorted(best.values(), key=lambda each: (-(each.votes or 0), each.day, each.paper_id))
        rows = answer("top-papers", month=month, limit=30)
        assert [(row["upvotes"], row["list_date"], row["paper_id"]) for row in rows] == [
            (each.votes, each.day, each.paper_id) for each in order[:30]
        ]
        assert len(rows) == min(30, len(order)) > 0
    assert [row["list_date"][:7] for row in answer("top-papers")] == [LAST] * 20


def test_rising_votes(answer: Ask) -> None:
    seen: dict[tuple[str, str], list[int]] = defaultdict(list)
    for day, _, body in fetches():
        for paper_id, votes in {
            record["paper"]["id"]: record["paper"]["upvotes"] for record in reversed(json.loads(body))
        }.items():
            seen[day.isoformat(), paper_id].append(votes)
    columns = ("gained", "first_votes", "latest_votes", "list_date", "paper_id")
    total = 0
    for month in ("2024-05", "2024-06", "2025-03", "2025-06", LAST):
        risen = [
            (votes[-1] - votes[0], votes[0], votes[-1], *key)
            for key, votes in seen.items()
            if key[0].startswith(month) and votes[-1] > votes[0]
        ]
        rows = answer("rising-votes", month=month, limit=1000)
        assert [tuple(row[name] for name in columns) for row in rows] == sorted(
            risen, key=lambda row: (-row[0], row[3], row[4])
        )
        assert all(row["title"] for row in rows)
        total += len(risen)
    assert total > 20


def test_top_authors(answer: Ask, listed: list[Listing]) -> None:
    papers: dict[str, set[str]] = defaultdict(set)
    days: dict[str, list[str]] = defaultdict(list)
    for each in listed:
        for author in each.authors:
            papers[author].add(each.paper_id)
            days[author].append(each.day)
    order = sorted(papers, key=lambda author: (-len(papers[author]), author))[:100]
    assert [tuple(row.values()) for row in answer("top-authors", limit=100)] == [
        (author, len(papers[author]), min(days[author]), max(days[author])) for author in order
    ]


def test_top_organizations(answer: Ask, listed: list[Listing]) -> None:
    of: dict[str, list[Listing]] = defaultdict(list)
    for each in listed:
        if each.organization:
            of[each.organization].append(each)
    expected = [
        (name, len({each.paper_id for each in group}), median([each.votes or 0 for each in group]))
        for name, group in of.items()
    ]
    rows = answer("top-organizations", limit=1000)
    assert [(row["organization"], row["papers"], row["median_votes"]) for row in rows] == sorted(
        expected, key=lambda row: (-row[1], row[0])
    )
    assert len(expected) > 20


def by_month(
    listed: list[Listing], words: Callable[[Listing], list[str]], top: int
) -> list[tuple[str, str, int]]:
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for each in listed:
        for word in words(each):
            found[each.month][word].add(each.paper_id)
    return [
        (month, word, len(found[month][word]))
        for month in sorted(found)
        for word in sorted(found[month], key=lambda word: (-len(found[month][word]), word))[:top]
    ]


def test_categories_by_month(answer: Ask, listed: list[Listing]) -> None:
    fetched = {
        json_id for _, _, body in fetches() for json_id in (r["paper"]["id"] for r in json.loads(body))
    }
    expected = by_month(
        listed, lambda each: categories_of(each.paper_id) or [] if each.paper_id in fetched else [], 2
    )
    assert [tuple(row.values()) for row in answer("categories-by-month", top=2)] == expected
    assert len(expected) > 20


def test_keywords_by_month(answer: Ask, listed: list[Listing]) -> None:
    expected = by_month(listed, lambda each: [word.lower() for word in each.keywords], 5)
    assert [tuple(row.values()) for row in answer("keywords-by-month", top=5)] == expected
    assert len(expected) > 20
    month = expected[0][0]
    some = answer("keywords-by-month", since=month, until=month, top=5)
    assert [tuple(row.values()) for row in some] == [row for row in expected if row[0] == month]


def test_videos(answer: Ask, listed: list[Listing]) -> None:
    total = 0
    for month in ("2024-06", "2024-07", "2024-08", "2025-03"):
        expected = [
            (each.day, each.paper_id, url)
            for each in listed
            for url in each.media
            if each.month == month and url.lower().endswith((".mp4", ".webm", ".mov", ".qt"))
        ]
        rows = answer("videos", month=month)
        assert sorted((row["list_date"], row["paper_id"], row["url"]) for row in rows) == sorted(expected)
        assert [(row["list_date"], row["rank"]) for row in rows] == sorted(
            (row["list_date"], row["rank"]) for row in rows
        )
        total += len(expected)
    assert total > 20


def test_coverage(answer: Ask, every: list[Listing]) -> None:
    expected = []
    for month in sorted({each.month for each in every}):
        mine = [each for each in every if each.month == month]
        statuses = Counter(each.status for each in mine)
        gone = sum(each.is_delisted for each in mine)
        counts = [len({each.day for each in mine}), len(mine), len(mine) - gone, gone]
        counts += [statuses[status] for status in ("ok", "pending", "rejected", "archived")]
        expected.append((month, *counts))
    rows = answer("coverage")
    assert [tuple(row.values()) for row in rows] == expected
    assert rows[0]["month"] == FIRST
    assert all(sum(row[column] for row in expected) > 0 for column in range(1, 9))
    assert [row["month"] for row in answer("coverage", since="2024-06", until="2024-07")] == [
        "2024-06",
        "2024-07",
    ]


def test_models(answer: Ask, every: list[Listing]) -> None:
    expected = Counter((each.month, each.status) for each in every if each.status in ("ok", "archived"))
    rows = answer("models")
    assert {(row["month"], row["translation_status"]): row["papers"] for row in rows} == expected
    assert len(rows) == len(expected)
    assert {row["model"] for row in rows if row["translation_status"] == "ok"} == {"gpt-test"}


def test_terms(answer: Ask, every: list[Listing]) -> None:
    papers: dict[str, set[str]] = defaultdict(set)
    for each in every:
        for rendering in ("강화 학습", "강화학습"):
            if any(rendering in text for text in each.korean):
                papers[rendering].add(each.paper_id)
    rows = answer("terms")
    assert {row["rendering"]: row["papers"] for row in rows} == {
        name: len(ids) for name, ids in papers.items()
    }
    assert len(rows) == 2
    assert "강화학습" in KOREAN
    assert len(papers["강화 학습"]) > 10


def test_the_month_of_a_question_is_a_whole_month(answer: Ask, listed: list[Listing]) -> None:
    rows = answer("top-papers", month="2024-02", limit=1000)
    assert {row["list_date"] for row in rows} <= {each.day for each in listed if each.month == "2024-02"}
    assert max(row["list_date"] for row in rows) == "2024-02-29"
