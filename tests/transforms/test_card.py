"""The card as `datasets` and the Hub read it, and as a person does."""

from itertools import pairwise

import pytest
from datasets import Features
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt

from schemas.dataset import features, features_yaml
from schemas.tables import RELEASE, STATUSES, Release
from transforms.card import CardCounts, DataFile, card_markdown, release_columns

FEATURES = features(RELEASE)
YAML = features_yaml(RELEASE)
FILES = [DataFile("data/2024-10.parquet", 700, 90_000), DataFile("data/2024-11.parquet", 534, 80_000)]
COUNTS = CardCounts(
    papers=1234,
    days=45,
    first_day="2024-10-01",
    last_day="2024-11-29",
    by_status={"ok": 1200, "rejected": 4, "pending": 30},
    models=["model_b", "model-a", "model_b"],
    prompt_versions=["2", "1"],
)
NOTHING = CardCounts(0, 0, None, None, {}, [], [])


def card(repo: str | None = "org/set") -> str:
    return card_markdown(YAML, FILES, COUNTS, repo)


def test_the_hub_reads_the_front_matter() -> None:
    data = DatasetCard(card()).data.to_dict()
    assert data["language"] == ["en", "ko"]
    assert data["license"] == "cc-by-nc-4.0"
    assert data["size_categories"] == ["1K<n<10K"]
    assert data["task_categories"] == ["translation", "summarization"]
    assert data["configs"] == [
        {
            "config_name": "papers",
            "default": True,
            "data_files": [{"split": "train", "path": "data/*.parquet"}],
        }
    ]


def test_counts_and_features_in_the_front_matter_are_those_of_the_files() -> None:
    info = DatasetCard(card()).data.to_dict()["dataset_info"]
    assert info["config_name"] == "papers"
    assert info["splits"] == [{"name": "train", "num_bytes": 170_000, "num_examples": 1234}]
    assert (info["download_size"], info["dataset_size"]) == (170_000, 170_000)
    assert Features._from_yaml_list(info["features"]) == FEATURES


@pytest.mark.parametrize(
    ("rows", "size"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (99_999, "10K<n<100K"),
        (10**6 - 1, "100K<n<1M"),
        (10**6, "n>1M"),
    ],
)
def test_the_size_category_follows_the_rows(rows: int, size: str) -> None:
    text = card_markdown(YAML, [DataFile("data/x.parquet", rows, 1)], COUNTS, None)
    assert DatasetCard(text).data.to_dict()["size_categories"] == [size]


def test_an_empty_release_has_a_valid_card_that_promises_no_files() -> None:
    text = card_markdown(YAML, [], NOTHING, None)
    data = DatasetCard(text).data.to_dict()
    assert "configs" not in data
    assert data["dataset_info"]["splits"] == [{"name": "train", "num_bytes": 0, "num_examples": 0}]
    assert "No rows yet." in text
    assert "None" not in text


def test_every_column_of_the_contract_is_explained_in_the_table() -> None:
    tokens = MarkdownIt("gfm-like").parse(card())
    cells = [after.content for before, after in pairwise(tokens) if before.type == "td_open"]
    named = [cell.strip("`") for cell in cells if cell.strip("`") in Release.columns()]
    assert named[: len(Release.columns())] == list(Release.columns())
    # The pattern of a repository in a column's meaning is no link.
    assert 'href="https://github.com' not in MarkdownIt("gfm-like").render(card())


def test_columns_have_a_group_a_type_in_words_and_a_meaning() -> None:
    columns = {column.name: column for column in release_columns()}
    assert list(columns) == list(Release.columns())
    assert list(dict.fromkeys(column.group for column in columns.values())) == [
        "Listing",
        "Paper",
        "Korean",
        "Provenance",
    ]
    assert all(column.meaning for column in columns.values())
    assert columns["list_date"].type == "date"
    assert columns["rank"].type == "whole number"
    assert columns["github_stars"].type == "whole number, may be null"
    assert columns["submitted_at"].type == "time (UTC), may be null"
    assert columns["is_withdrawn"].type == "true or false"
    assert columns["authors"].type == "list of text"
    assert columns["summary_ko"].type == "list of {section, text}, may be null"


def test_the_page_says_how_the_korean_came_about() -> None:
    text = card()
    assert r"Models: model-a, model\_b. Prompt versions: 1, 2." in text
    for status, rows in (("ok", "1,200"), ("pending", "30"), ("rejected", "4"), ("archived", "0")):
        assert f"| {status} | {rows} |" in text
    assert all(f"| {status} |" in text for status in STATUSES)


def test_the_page_shows_how_to_load_it() -> None:
    assert 'load_dataset("org/set", split="train")' in card()
    assert 'pl.scan_parquet("hf://datasets/org/set/data/*.parquet")' in card()
    assert 'pl.scan_parquet("release/dataset/data/*.parquet")' in card(repo=None)


def test_no_paper_is_linked_so_the_hub_adds_no_paper_tags() -> None:
    assert "arxiv.org/" not in card()


def test_a_model_name_cannot_break_out_of_the_page() -> None:
    evil = "m](https://evil.example/)\n\n# Owned <script>"
    text = card_markdown(YAML, FILES, COUNTS._replace(models=[evil], prompt_versions=[evil]), "org/set")
    reader = MarkdownIt("gfm-like", {"html": True})
    kinds = [[t.type for t in reader.parse(page) if t.type != "inline"] for page in (text, card())]
    assert kinds[0] == kinds[1]
    page = reader.render(text)
    assert "Models: m](https://evil.example/) # Owned &lt;script&gt;." in page
    assert 'href="https://evil.example' not in page


def test_an_unchanged_release_gives_the_same_card() -> None:
    shuffled = COUNTS._replace(
        models=["model-a", "model_b"],
        prompt_versions=["1", "2"],
        by_status={"pending": 30, "ok": 1200, "rejected": 4},
    )
    assert card_markdown(YAML, FILES[::-1], shuffled, "org/set") == card()
