"""The model on its bad days: answers that are no good, and answers that do not come."""

import json
import time
from typing import Any

import polars as pl
import pytest

from daylists import record, records
from line import DAY, Line
from schemas.tables import TRANSLATIONS
from transforms.conversation import MAX_ANSWERS, MAX_ROUNDS

SPOILT: dict[str, set[str]] = {
    "html": {"bad_json"},
    "half": {"bad_json"},
    "empty": {"empty"},
    "null": {"empty"},
    "length": {"length"},
    "filter": {"filter"},
    "refusal": {"refusal"},
    "schema": {"schema"},
    "wrong_paper": {"wrong_paper"},
    "no_choices": {"not_a_completion"},
    "chinese": {"foreign_script"},
    "english": {"hangul_share"},
    "number": {"number_invented"},
    "plain": {"register"},
    "markup": {"markup"},
}
"""What is wrong with an answer, and the code under which it is refused."""
HARMLESS = ("fenced", "no_usage")
KINDS = (*SPOILT, *HARMLESS)
PAPERS_OF = {kind: f"2603.{number:05d}" for number, kind in enumerate(KINDS, start=1)}


def spoil(line: Line, **how_often: Any) -> None:
    """One paper for each kind of spoilt answer, and a healthy one."""
    line.day(DAY, [*(record(paper_id) for paper_id in PAPERS_OF.values()), record("2603.09999")])
    line.faults(
        *(
            {"service": "openai", "match": {"paper_id": paper_id}, "answer": kind, **how_often}
            for kind, paper_id in PAPERS_OF.items()
        )
    )


def translations(line: Line) -> dict[str, dict[str, Any]]:
    return {row["paper_id"]: row for row in line.table(TRANSLATIONS).iter_rows(named=True)}


def errors(row: dict[str, Any]) -> set[str]:
    return {issue["code"] for issue in row["translation_issues"] if issue["severity"] == "error"}


# Answers that are no good ------------------------------------------------------------------------


def test_an_answer_that_is_bad_once_is_asked_for_again_and_every_paper_ends_well(line: Line) -> None:
    spoil(line, first=1)
    ended = line.run()
    assert ended.code == 0
    rows = translations(line)
    assert {row["translation_status"] for row in rows.values()} == {"ok"}
    assert {kind: rows[paper_id]["calls"] for kind, paper_id in PAPERS_OF.items()} == {
        kind: 1 if kind in HARMLESS else 2 for kind in KINDS
    }
    assert line.calls() == {paper_id: row["calls"] for paper_id, row in rows.items()}
    assert line.release()["abstract_ko"].null_count() == 0


def test_an_answer_that_stays_bad_is_rejected_by_name_and_published_in_english(line: Line) -> None:
    spoil(line)
    ended = line.run()
    assert ended.code == 1
    assert ended.report is not None
    assert ended.report.translated == {"ok": 3, "rejected": len(SPOILT)}
    rows = translations(line)
    found = {kind: errors(rows[paper_id]) for kind, paper_id in PAPERS_OF.items()}
    assert {kind: codes & SPOILT.get(kind, set()) for kind, codes in found.items()} == {
        kind: SPOILT.get(kind, set()) for kind in KINDS
    }
    release = line.release()
    refused = release.filter(pl.col("translation_status") == "rejected")
    assert set(refused["paper_id"]) == {PAPERS_OF[kind] for kind in SPOILT}
    assert refused.select("title_ko", "abstract_ko", "summary_ko").null_count().row(0) == (15, 15, 15)
    assert refused.select("title", "abstract").null_count().row(0) == (0, 0)
    assert set(line.calls().values()) == {1, MAX_ANSWERS}


def test_rejected_papers_are_tried_again_by_the_next_run_and_may_end_well(line: Line) -> None:
    spoil(line)
    line.run()
    line.faults()
    assert line.run().code == 0
    assert line.calls() == {PAPERS_OF[kind]: 1 for kind in SPOILT}
    rows = translations(line)
    assert {row["translation_status"] for row in rows.values()} == {"ok"}
    assert {rows[PAPERS_OF[kind]]["rounds"] for kind in SPOILT} == {2}
    assert {rows[PAPERS_OF[kind]]["calls"] for kind in SPOILT} == {MAX_ANSWERS + 1}


def test_a_paper_that_stays_bad_waits_for_the_operator_after_some_runs(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    line.day(DAY, records(9))
    bad = {"service": "openai", "match": {"paper_id": "2603.00001"}, "answer": "chinese"}
    for _ in range(MAX_ROUNDS):
        line.faults(bad)
        assert line.run().code == 1
        assert line.calls()["2603.00001"] == MAX_ANSWERS
    before = line.files()
    line.faults(bad)
    capsys.readouterr()
    assert line.run().code == 0
    assert line.calls() == {}
    assert line.files() == before
    assert "--retranslate rejected" in capsys.readouterr().out
    line.faults()
    assert line.backfill(DAY, DAY, retranslate="rejected").code == 0
    assert line.calls() == {"2603.00001": 1}
    assert set(line.release()["translation_status"]) == {"ok"}


def test_the_korean_of_a_rejected_paper_stays_in_the_lake_and_out_of_the_release(line: Line) -> None:
    line.day(DAY, records(9))
    line.faults({"service": "openai", "match": {"paper_id": "2603.00001"}, "answer": "chinese"})
    line.run()
    assert "该模型" in translations(line)["2603.00001"]["abstract_ko"]
    assert line.release()["abstract_ko"].null_count() == 1
    assert not any(
        b"\xe8\xaf\xa5" in path.read_bytes() for path in (line.home / "release/digest").rglob("*.md")
    )


def test_broken_answers_are_counted_with_their_tokens(line: Line) -> None:
    spoil(line)
    ended = line.run()
    rows = translations(line)
    assert ended.report is not None
    assert ended.report.usage["calls"] == sum(row["calls"] for row in rows.values())
    assert ended.report.usage["input"] == sum(row["input_tokens"] for row in rows.values())
    assert ended.report.usage["output"] == sum(row["output_tokens"] for row in rows.values())
    for kind, paper_id in PAPERS_OF.items():
        assert (rows[paper_id]["input_tokens"] > 0) == (kind != "no_usage"), kind
    assert rows[PAPERS_OF["html"]]["output_tokens"] > 0


def test_the_re_ask_shows_the_answer_and_quotes_its_faults(line: Line) -> None:
    line.day(DAY, records(1))
    line.faults({"service": "openai", "answer": "chinese", "first": 1})
    line.run()
    bodies = [json.loads(path.read_bytes()) for path in sorted((line.home / "answers").rglob("2*.json"))]
    assert [body["step"] for body in bodies] == ["1-1", "1-2"]
    prompts = [json.loads(body["body"])["usage"]["prompt_tokens"] for body in bodies]
    assert prompts[1] > prompts[0]


def test_a_few_rejections_end_the_run_with_1_and_many_make_it_a_failed_one(line: Line) -> None:
    line.day(DAY, records(10))
    line.faults({"service": "openai", "match": {"paper_id": "2603.00001"}, "answer": "refusal"})
    few = line.run()
    assert few.code == 1
    assert few.report is not None
    assert not few.report.is_failed
    line.day("2026-03-06", records(10, first=51))
    line.faults({"service": "openai", "answer": "refusal"})
    many = line.run("2026-03-06")
    assert many.code == 1
    assert many.report is not None
    assert many.report.is_failed
    assert line.release().filter(pl.col("translation_status") == "rejected").height == 11


# Answers that do not come ------------------------------------------------------------------------

PASSING: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "first": 3},
    "429 with Retry-After": {"status": 429, "headers": {"Retry-After": "0.1"}, "first": 3},
    "429 with a date": {
        "status": 429,
        "headers": {"Retry-After": "Wed, 04 Mar 2026 00:00:00 GMT"},
        "first": 3,
    },
    "500": {"status": 500, "first": 4},
    "503 as HTML": {"status": 503, "body": "<html>Bad Gateway</html>", "first": 2},
    "drop": {"drop": True, "first": 2},
    "lost": {"lost": True, "first": 2},
    "a proxy's page": {"body": "<html>Welcome</html>", "first": 2},
    "truncated": {"truncate": 50, "first": 2},
}


@pytest.mark.parametrize("name", PASSING)
def test_a_passing_fault_of_the_model_is_waited_out_and_no_paper_is_lost(line: Line, name: str) -> None:
    line.day(DAY, records(4))
    line.faults({"service": "openai", **PASSING[name]})
    assert line.run().code == 0
    assert line.release()["translation_status"].to_list() == ["ok"] * 4
    assert sum(line.calls().values()) == 4 + PASSING[name]["first"]
    assert {row["calls"] for row in translations(line).values()} == {1}


LASTING: dict[str, dict[str, Any]] = {
    "HTTP 400": {"status": 400},
    "HTTP 429": {"status": 429, "headers": {"Retry-After": "7200"}},
    "HTTP 503": {"status": 503, "headers": {"Retry-After": "7200"}},
    "Request timed out": {"delay": 3},
    "Connection error": {"lost": True},
    "expected a chat completion": {"body": "<html>Welcome</html>"},
}


@pytest.mark.parametrize("said", LASTING)
def test_a_paper_that_gets_no_answer_waits_in_english_and_the_next_run_finishes_it(
    line: Line, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line.set(DAILY_PAPERS_MODEL_TIMEOUT=0.2, DAILY_PAPERS_PATIENCE=1)
    line.day(DAY, records(4))
    line.faults({"service": "openai", "match": {"paper_id": "2603.00002"}, **LASTING[said]})
    ended = line.run()
    assert ended.code == 3
    rows = line.release()
    assert rows["translation_status"].to_list() == ["ok", "pending", "ok", "ok"]
    assert rows["abstract_ko"].is_null().to_list() == [False, True, False, False]
    assert rows["abstract"].null_count() == 0
    out = capsys.readouterr().out
    assert said in out
    assert "2603.00002" in out
    line.set(DAILY_PAPERS_MODEL_TIMEOUT=None)
    line.faults()
    assert line.run().code == 0
    assert line.calls() == {"2603.00002": 1}
    assert set(line.release()["translation_status"]) == {"ok"}


def test_5xx_answers_until_patience_ends_leave_the_paper_pending(line: Line) -> None:
    line.set(DAILY_PAPERS_PATIENCE=0.5)
    line.day(DAY, records(3))
    line.faults({"service": "openai", "match": {"paper_id": "2603.00001"}, "status": 500})
    began = time.monotonic()
    assert line.run().code == 3
    assert time.monotonic() - began < 20
    assert line.release()["translation_status"].to_list() == ["pending", "ok", "ok"]


def test_an_answer_that_came_before_the_service_went_is_kept_and_used_by_the_next_run(line: Line) -> None:
    line.day(DAY, records(1))
    line.faults(
        {"service": "openai", "calls": [1], "answer": "chinese"},
        {"service": "openai", "calls": [2], "status": 400},
    )
    assert line.run().code == 3
    assert line.release()["translation_status"].to_list() == ["pending"]
    line.faults()
    assert line.run().code == 0
    assert line.calls() == {"2603.00001": 1}
    assert translations(line)["2603.00001"]["calls"] == 2


QUOTA = json.dumps(
    {
        "error": {
            "message": "You exceeded your quota.",
            "type": "insufficient_quota",
            "code": "insufficient_quota",
        }
    }
)


def test_an_exhausted_quota_stops_the_calls_at_once_and_keeps_what_came(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    line.set(DAILY_PAPERS_CONCURRENCY=2)
    line.day(DAY, records(20))
    line.faults(
        {"service": "openai", "calls": list(range(6, 40)), "status": 429, "body": QUOTA,
         "content_type": "application/json"}
    )  # fmt: skip
    ended = line.run()
    assert ended.code == 3
    assert "quota is used up" in capsys.readouterr().out
    assert 5 < sum(line.calls().values()) <= 7
    assert line.release()["translation_status"].value_counts(sort=True).rows() == [("pending", 15), ("ok", 5)]
    line.faults()
    assert line.run().code == 0
    assert sum(line.calls().values()) == 15


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_key_or_model_ends_with_2_and_names_the_settings(
    line: Line, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    line.set(DAILY_PAPERS_CONCURRENCY=2)
    line.day(DAY, records(12))
    line.faults({"service": "openai", "status": status})
    assert line.run().code == 2
    out = capsys.readouterr().out
    assert "OPENAI_API_KEY" in out
    assert "DAILY_PAPERS_MODEL" in out
    assert sum(line.calls().values()) <= 2
    assert line.release()["translation_status"].to_list() == ["pending"] * 12
    line.faults()
    assert line.run().code == 0


def test_a_limit_of_requests_a_minute_is_respected_by_every_call(line: Line) -> None:
    line.day(DAY, records(6))
    line.faults({"service": "openai", "calls": [2], "status": 429, "headers": {"Retry-After": "1"}})
    began = time.monotonic()
    assert line.run().code == 0
    assert time.monotonic() - began > 1
    assert sum(line.calls().values()) == 7


def test_no_more_calls_are_under_way_than_the_setting_says(line: Line) -> None:
    line.serve(latency=0.05)
    line.set(DAILY_PAPERS_CONCURRENCY=3)
    line.day(DAY, records(12))
    assert line.run().code == 0
    moments = sorted(
        (moment, step)
        for entry in line.requests("openai")
        for moment, step in ((entry["started_at"], 1), (entry["ended_at"], -1))
    )
    under_way = most = 0
    for _, step in moments:
        under_way += step
        most = max(most, under_way)
    assert most == 3


# What makes a paper pending again ----------------------------------------------------------------


def test_another_model_translates_what_is_new_and_the_rest_only_when_asked_to(line: Line) -> None:
    line.day(DAY, records(3))
    line.run()
    line.set(DAILY_PAPERS_MODEL="another-model")
    line.faults()
    assert line.run().code == 0
    assert line.calls() == {}
    line.day(DAY, records(4), fetched_at="2026-04-02T000000Z")
    assert line.run().code == 0
    assert sum(line.calls().values()) == 1
    assert line.backfill(DAY, DAY, retranslate="recipe").code == 0
    assert sum(line.calls().values()) == 4
    assert line.table(TRANSLATIONS).height == 7
    assert line.release().height == 4
    assert line.backfill(DAY, DAY, retranslate="recipe").code == 0
    assert sum(line.calls().values()) == 4


def test_a_recipe_can_be_read_beside_its_answers(line: Line) -> None:
    line.set(DAILY_PAPERS_TEMPERATURE="0.2")
    line.day(DAY, records(1))
    line.run()
    (recipe_id,) = set(line.table(TRANSLATIONS)["recipe_id"])
    recipe = json.loads((line.home / "answers" / recipe_id / "recipe.json").read_bytes())
    assert recipe["parameters"] == [["temperature", 0.2]]


# Full text ---------------------------------------------------------------------------------------


def test_with_full_text_the_paper_s_page_is_fetched_once_kept_and_shown_to_the_model(line: Line) -> None:
    line.set(DAILY_PAPERS_CONTENT="fulltext")
    line.day(DAY, records(3))
    assert line.run().code == 0
    pages = sorted(path.name for path in (line.home / "raw/papers").rglob("*.md"))
    assert pages == ["2603.00001.md", "2603.00002.md", "2603.00003.md"]
    with_text = line.table(TRANSLATIONS)["input_tokens"].min()
    line.set(DAILY_PAPERS_CONTENT=None)
    line.faults()
    assert line.backfill(DAY, DAY, retranslate="recipe").code == 0
    assert line.requests("paper_pages") == []
    assert line.table(TRANSLATIONS)["input_tokens"].min() < with_text


def test_a_paper_without_a_page_is_translated_from_its_abstract(line: Line) -> None:
    line.set(DAILY_PAPERS_CONTENT="fulltext")
    line.day(DAY, records(2))
    line.faults({"service": "paper_pages", "match": {"paper_id": "2603.00001"}, "status": 404})
    ended = line.run()
    assert ended.code == 0
    assert ended.report is not None
    assert ended.report.full_texts == {"found": 1, "none": 1}
    assert set(line.release()["translation_status"]) == {"ok"}


def test_a_paper_whose_page_cannot_be_had_waits_and_costs_nothing(line: Line) -> None:
    line.set(DAILY_PAPERS_CONTENT="fulltext", DAILY_PAPERS_PATIENCE=1)
    line.day(DAY, records(2))
    line.faults({"service": "paper_pages", "match": {"paper_id": "2603.00001"}, "status": 503})
    assert line.run().code == 3
    assert line.calls() == {"2603.00002": 1}
    line.faults()
    assert line.run().code == 0
    assert line.calls() == {"2603.00001": 1}


# The judge ---------------------------------------------------------------------------------------


FINDS = {
    "service": "openai",
    "match": {"paper_id": "2603.00001", "asks": "judgement"},
    "answer": "judge_finds",
}


def test_a_judge_is_asked_and_paid_for_and_its_errors_are_asked_about_again(line: Line) -> None:
    line.set(DAILY_PAPERS_JUDGE_MODEL="another-model")
    line.day(DAY, records(2))
    line.faults(FINDS | {"first": 1})
    assert line.run().code == 0
    rows = translations(line)
    assert [answer["purpose"] for answer in rows["2603.00002"]["answers"]] == ["translate", "judge"]
    assert [answer["purpose"] for answer in rows["2603.00001"]["answers"]] == ["translate", "judge"] * 2
    assert [answer["model"] for answer in rows["2603.00002"]["answers"]][1] == "another-model"


def test_what_the_judge_finds_each_time_refuses_the_paper(line: Line) -> None:
    line.set(DAILY_PAPERS_JUDGE_MODEL="another-model")
    line.day(DAY, records(9))
    line.faults(FINDS)
    assert line.run().code == 1
    assert {code[:6] for code in errors(translations(line)["2603.00001"])} == {"judge_"}


def test_a_kept_answer_that_is_broken_is_named_and_not_paid_for_unnoticed(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    line.day(DAY, records(3))
    line.run()
    (kept,) = (line.home / "answers").rglob("2603.00002-*.json")
    kept.write_text("{")
    for table in (line.home / "translations").iterdir():
        table.unlink()
    line.faults()
    ended = line.run()
    assert ended.code != 0
    assert kept.name in capsys.readouterr().out
    assert line.calls() == {}
    assert kept.read_text() == "{"
    kept.unlink()
    assert line.run().code == 0
    assert line.calls() == {"2603.00002": 1}
