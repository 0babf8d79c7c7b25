"""The bundled sample keeps its promises: the demo shows every oddity that production must survive."""

import json
import re
from datetime import UTC, date, datetime
from importlib import resources
from typing import Any

import pytest

from schemas.answer import TranslationAnswer
from schemas.tables import PAPER_ID_PATTERN, PAPERS
from transforms.abstracts import hub_text_repaired
from transforms.answers import judged
from transforms.papers import DayList, day_list
from transforms.placeholders import TOKEN, Protected, protected, tokens
from transforms.prompt import source_of
from transforms.quantities import numbers, values
from transforms.text import plain

SAMPLE = resources.files("flows") / "sandbox" / "sample"
DAYS = {
    file.name: file.read_bytes()
    for file in sorted((SAMPLE / "daily_papers").iterdir(), key=lambda file: file.name)
}
RECORDS: list[dict[str, Any]] = [record for body in DAYS.values() for record in json.loads(body)]
HUB: dict[str, dict[str, Any]] = {record["paper"]["id"]: record["paper"] for record in RECORDS}
ARXIV: dict[str, dict[str, Any]] = json.loads((SAMPLE / "arxiv.json").read_text(encoding="utf-8"))
ANSWERS: dict[str, dict[str, str]] = json.loads((SAMPLE / "answers.json").read_text(encoding="utf-8"))

TWO_DAYS = "2603.90004"
NOT_ON_ARXIV = "2603.90011"
PROSE = ("abstract_ko", "whats_new", "technical_details", "performance_highlights")
each_paper = pytest.mark.parametrize("paper_id", sorted(ANSWERS))


def english(paper_id: str) -> tuple[str, str]:
    """Title and abstract as the model is shown them before placeholders: arXiv's, else the Hub's."""
    if paper_id in ARXIV:
        return plain(ARXIV[paper_id]["title"]), plain(ARXIV[paper_id]["abstract"])
    return plain(HUB[paper_id]["title"]), hub_text_repaired(plain(HUB[paper_id]["summary"]))


def shown(paper_id: str) -> Protected:
    return protected(*english(paper_id))


def ids_where(kept: Any) -> set[str]:
    return {paper_id for paper_id, paper in HUB.items() if kept(paper)}


def read(name: str) -> DayList:
    listed, fetched = name.split("@")
    fetched_at = datetime.strptime(fetched.split("-sample")[0], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)
    return day_list([DAYS[name]], date.fromisoformat(listed), fetched_at)


def test_three_days_hold_thirteen_listings_of_twelve_papers() -> None:
    counts = {name[:10]: len(json.loads(body)) for name, body in DAYS.items()}
    assert counts == {"2026-03-03": 4, "2026-03-04": 4, "2026-03-05": 5}
    assert len(HUB) == 12
    assert set(ANSWERS) == set(HUB)


def test_ids_are_valid_and_beyond_those_of_real_papers() -> None:
    assert all(re.match(PAPER_ID_PATTERN, paper_id) for paper_id in HUB)
    assert all(paper_id.startswith("2603.900") for paper_id in HUB)


@pytest.mark.parametrize("name", sorted(DAYS))
def test_every_record_is_read_without_a_rejection_or_an_ignored_field(name: str) -> None:
    day = read(name)
    PAPERS.schema.validate(day.papers)
    assert day.papers.height == day.record_count
    assert not day.ignored_fields


def test_one_paper_stands_on_two_days_and_has_more_votes_on_the_second() -> None:
    votes = [record["paper"]["upvotes"] for record in RECORDS if record["paper"]["id"] == TWO_DAYS]
    assert len(votes) == 2
    assert votes[0] < votes[1]


def test_one_paper_is_not_on_arxiv_and_its_hub_text_is_wrapped() -> None:
    assert set(HUB) - set(ARXIV) == {NOT_ON_ARXIV}
    assert ids_where(lambda paper: "\n" in paper["summary"]) == {NOT_ON_ARXIV}


def test_hub_text_lacks_the_latex_that_arxiv_has() -> None:
    stripped = {paper_id for paper_id in ARXIV if "$" in ARXIV[paper_id]["abstract"]}
    assert stripped == {"2603.90002", "2603.90006"}
    assert "512times512" in HUB["2603.90002"]["summary"]
    assert "2times with" in HUB["2603.90006"]["summary"]
    assert all(not re.search(r"[$\\]", HUB[paper_id]["summary"]) for paper_id in stripped)
    assert "$" in ARXIV["2603.90002"]["title"]


def test_arxiv_and_the_hub_say_the_same_of_all_other_papers() -> None:
    for paper_id in set(ARXIV) - {"2603.90002", "2603.90006"}:
        assert (HUB[paper_id]["title"], HUB[paper_id]["summary"]) == english(paper_id)


def test_one_paper_has_sixty_authors_in_one_order() -> None:
    (paper_id,) = ids_where(lambda paper: len(paper["authors"]) == 60)
    assert [author["name"] for author in HUB[paper_id]["authors"]] == ARXIV[paper_id]["authors"]
    assert ARXIV[paper_id]["authors"] != sorted(ARXIV[paper_id]["authors"])
    assert len(set(ARXIV[paper_id]["authors"])) == 60


def test_the_hubs_oddities_are_all_there() -> None:
    assert len(ids_where(lambda paper: any(url.endswith(".mp4") for url in paper.get("mediaUrls", [])))) == 1
    assert len(ids_where(lambda paper: any(url.endswith(".gif") for url in paper.get("mediaUrls", [])))) == 1
    assert len(ids_where(lambda paper: "withdrawnAt" in paper)) == 1
    assert len(ids_where(lambda paper: paper["upvotes"] == 0)) == 1
    assert len(ids_where(lambda paper: paper.get("githubRepo", "").endswith("/"))) == 1
    optional = ("organization", "githubRepo", "githubStars", "projectPage", "ai_summary", "ai_keywords")
    assert ids_where(lambda paper: all(key in paper for key in optional))
    assert ids_where(lambda paper: not any(key in paper for key in optional))


def test_one_title_would_be_markdown_and_a_tag_if_it_were_not_escaped() -> None:
    (title,) = {paper["title"] for paper in HUB.values() if paper["title"].startswith("*")}
    assert all(mark in title for mark in ("*Star*", "[Attention]", "|", "<think>", "_snake_"))


def test_placeholders_of_every_kind_occur() -> None:
    kinds = {name[0] for paper_id in ANSWERS for name in shown(paper_id).originals}
    assert kinds == {"M", "U", "C"}


def test_numbers_of_many_notations_occur() -> None:
    text = " ".join(english(paper_id)[1] for paper_id in ANSWERS)
    assert all(number in text for number in ("7B", "1.5M", "32.5%", "3.2×", "128K tokens", "2.4 million"))


@each_paper
def test_abstract_is_90_to_170_words(paper_id: str) -> None:
    assert 90 <= len(english(paper_id)[1].split()) <= 170


@each_paper
def test_answer_has_the_models_keys(paper_id: str) -> None:
    TranslationAnswer.model_validate({"paper_id": paper_id, **ANSWERS[paper_id]})


@each_paper
def test_answer_carries_exactly_the_placeholders_of_its_source(paper_id: str) -> None:
    source, answer = shown(paper_id), ANSWERS[paper_id]
    assert set(tokens(answer["title_ko"])) == set(tokens(source.texts[0]))
    assert set(tokens(answer["abstract_ko"])) == set(tokens(source.texts[1]))
    for text in answer.values():
        assert set(tokens(text)) <= set(source.originals)
        assert not any(original in text for original in source.originals.values())


@each_paper
def test_answer_claims_no_number_beyond_its_source_and_the_abstract_loses_none(paper_id: str) -> None:
    source, answer = shown(paper_id), ANSWERS[paper_id]
    known = values(" ".join(source.texts))
    for text in answer.values():
        assert [number.text for number in numbers(TOKEN.sub("", text)) if not number.fits(known)] == []
    told = values(answer["abstract_ko"])
    assert [n.text for n in numbers(TOKEN.sub("", source.texts[1])) if not n.fits(told)] == []


@each_paper
def test_answer_is_plain_polite_korean(paper_id: str) -> None:
    answer = ANSWERS[paper_id]
    assert re.search("[가-힣]", answer["title_ko"])
    for text in answer.values():
        assert text == plain(text)
        assert not re.search(r"[一-鿿぀-ヿ*`#]|우리는|저희", text)
    for name in PROSE:
        sentences = re.split(r"(?<=\.) ", answer[name])
        assert all(sentence.endswith("니다.") for sentence in sentences)
        assert len(sentences) <= 3 or name == "abstract_ko"


@each_paper
def test_answer_passes_the_quality_gate(paper_id: str) -> None:
    content = json.dumps({"paper_id": paper_id, **ANSWERS[paper_id]}, ensure_ascii=False)
    choice = {"finish_reason": "stop", "message": {"content": content}}
    judgement = judged(
        json.dumps({"model": "sample", "choices": [choice]}), source_of(paper_id, *english(paper_id))
    )
    assert judgement.korean is not None
    assert judgement.errors == []
