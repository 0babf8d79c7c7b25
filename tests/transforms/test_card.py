"""The card as `datasets` and the Hub read it, and as a person does."""

import re
from itertools import pairwise

import pytest
from datasets import Features
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt
from planted.faults import BLIND, KINDS
from test_planted_faults import LEAST_MICRO_RECALL, MOST_FALSE_ALARMS

from schemas.dataset import features, features_yaml
from schemas.tables import CONFIGS, PARALLEL, RELEASE, SCHEMA_VERSION, STATUSES
from transforms.card import DataFile, card_markdown, table_columns
from transforms.counts import CardCounts, card_counts

YAML = {name: features_yaml(table) for name, table in CONFIGS.items()}
FILES = [
    DataFile("data/2024-10.parquet", 700, 90_000),
    DataFile("data/2024-11.parquet", 534, 80_000),
    DataFile("parallel/2024-11.parquet", 6000, 70_000),
    DataFile("votes/2024-10.parquet", 900, 9_000),
    DataFile("votes/2024-11.parquet", 800, 8_000),
]
COUNTS = CardCounts(
    papers=1234,
    days=45,
    first_day="2024-10-01",
    last_day="2024-11-29",
    by_status={"ok": 1200, "rejected": 4, "pending": 30},
    models=["model_b", "model-a", "model_b"],
    prompt_versions=["2", "1"],
    archive_only=0,
)
NOTHING = card_counts([])


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
        },
        {"config_name": "votes", "data_files": [{"split": "train", "path": "votes/*.parquet"}]},
        {"config_name": "parallel", "data_files": [{"split": "train", "path": "parallel/*.parquet"}]},
    ]


def test_counts_and_features_in_the_front_matter_are_those_of_the_files() -> None:
    infos = DatasetCard(card()).data.to_dict()["dataset_info"]
    expected = {"papers": (1234, 170_000), "votes": (1700, 17_000), "parallel": (6000, 70_000)}
    assert [info["config_name"] for info in infos] == list(expected)
    for info in infos:
        name = info["config_name"]
        rows, size = expected[name]
        assert info["splits"] == [{"name": "train", "num_bytes": size, "num_examples": rows}]
        assert (info["download_size"], info["dataset_size"]) == (size, size)
        assert Features._from_yaml_list(info["features"]) == features(CONFIGS[name])


@pytest.mark.parametrize(
    ("rows", "size"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (99_999, "10K<n<100K"),
        (10**6 - 1, "100K<n<1M"),
        (10**6, "1M<n<10M"),
        (10**7, "10M<n<100M"),
    ],
)
def test_the_size_category_follows_the_rows(rows: int, size: str) -> None:
    text = card_markdown(YAML, FILES, COUNTS._replace(papers=rows), None)
    assert DatasetCard(text).data.to_dict()["size_categories"] == [size]


def test_an_empty_release_has_a_valid_card_that_promises_no_files() -> None:
    text = card_markdown(YAML, [], NOTHING, None)
    data = DatasetCard(text).data.to_dict()
    assert "configs" not in data
    assert "dataset_info" not in data
    assert "No rows yet." in text
    assert "None" not in text


def test_a_config_without_files_is_explained_and_not_promised() -> None:
    text = card_markdown(YAML, FILES[:2], COUNTS, None)
    data = DatasetCard(text).data.to_dict()
    assert [config["config_name"] for config in data["configs"]] == ["papers"]
    assert [info["config_name"] for info in data["dataset_info"]] == ["papers"]
    assert "| `parallel` | 0 |" in text


def test_every_column_of_every_config_is_explained_in_its_table() -> None:
    tokens = MarkdownIt("gfm-like").parse(card())
    cells = [after.content for before, after in pairwise(tokens) if before.type == "td_open"]
    columns = [column for table in CONFIGS.values() for column in table.schema.column_names()]
    named = [cell.strip("`") for cell in cells if cell.startswith("`") and cell.strip("`") in columns]
    assert named == columns
    # The pattern of a repository in a column's meaning is no link.
    assert 'href="https://github.com' not in MarkdownIt("gfm-like").render(card())


def test_columns_have_a_group_a_type_in_words_and_a_meaning() -> None:
    columns = {column.name: column for column in table_columns(RELEASE)}
    assert list(columns) == list(RELEASE.schema.columns())
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
    assert {column.group for column in table_columns(PARALLEL)} == {""}


def test_the_page_says_how_the_korean_came_about() -> None:
    text = card()
    assert r"Models: model-a, model\_b. Prompt versions: 1, 2." in text
    for status, rows in (("ok", "1,200"), ("pending", "30"), ("rejected", "4"), ("archived", "0")):
        assert f"| {status} | {rows} |" in text
    assert all(f"| {status} |" in text for status in STATUSES)
    assert "The gate refused 0.3 % of the rows that it judged." in text
    assert "The gate refused" not in card_markdown(YAML, [], NOTHING, None)


def test_what_the_page_says_of_the_gate_is_what_the_bench_holds_it_to() -> None:
    assert f"of {len(KINDS)} kinds of fault" in card()
    assert f"at least {LEAST_MICRO_RECALL:.0%}".replace("%", " %") in card()
    assert f"flags less than {MOST_FALSE_ALARMS:.0%}".replace("%", " %") in card()
    part = re.search(r"it sees a part only: at least ([^.]*)\.", card())
    assert part
    said = {int(percent) for percent in re.findall(r"(\d+) %", part[1])}
    assert said == {round(100 * kind.floor) for kind in BLIND}


def test_the_archives_licence_stands_there_when_its_korean_does() -> None:
    assert "nd/4.0" not in card()
    with_archive = card_markdown(YAML, FILES, COUNTS._replace(by_status={"ok": 3, "archived": 7}), "org/set")
    assert DatasetCard(with_archive).data.to_dict()["license"] == ["cc-by-nc-4.0", "cc-by-nc-nd-4.0"]
    assert "[CC BY-NC-ND 4.0]" in with_archive


def test_listings_that_only_the_archive_has_are_accounted_for() -> None:
    assert "before the first fetch" not in card()
    listed = COUNTS._replace(archive_only=7)
    without = card_markdown(YAML, FILES, listed, None)
    assert "- 7 listings of days before the first fetch" in without
    assert "whose Korean is left out" in without
    with_korean = card_markdown(YAML, FILES, listed._replace(by_status={"archived": 7}), None)
    assert "left out." not in with_korean


def test_the_page_shows_how_to_load_it() -> None:
    assert 'load_dataset("org/set", split="train")' in card()
    assert 'load_dataset("org/set", "parallel", split="train")' in card()
    assert 'revision="YYYY-MM"' in card()
    assert card().count("hf://datasets/org/set/data/*.parquet") == 2
    assert "hf://" not in card(repo=None)
    assert "revision=" not in card(repo=None)


def test_the_schemas_version_stands_on_the_page_with_its_changes() -> None:
    assert f"schema version **{SCHEMA_VERSION}**" in card()
    changes = re.findall(r"^- \*\*(\d+\.\d+\.\d+)\*\*: ", card(), re.MULTILINE)
    assert changes[0] == SCHEMA_VERSION
    assert changes == sorted(changes, key=lambda version: [*map(int, version.split("."))], reverse=True)


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
