"""The archive's reader: every variant of the predecessor's forms, and documents as a whole."""

from datetime import date
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from archivelogs import NEWS, PLAIN_ROW, README, USUAL, VARIANTS, instead, log, only_row
from schemas.tables import ARCHIVE
from transforms.archive import archive_rows, is_exact, parsed, path_date, rendered


@pytest.mark.parametrize(("block", "differing"), VARIANTS.values(), ids=VARIANTS)
def test_every_variant_is_read_and_renders_back(block: tuple[str, ...], differing: dict[str, Any]) -> None:
    row = only_row(log(*block))
    row.pop("layout")
    assert row.pop("raw") == "\n".join([*block, ""])
    assert row == PLAIN_ROW | differing


@pytest.mark.parametrize(
    ("day", "authors", "repairs"),
    [
        ("2023-12-14", ["Ada Kim", "Ada Kim", "Ada Kim", "Bo Lee"], []),
        ("2023-12-15", ["Ada Kim", "Bo Lee"], ["authors_deduplicated"]),
        ("2024-01-22", ["Ada Kim", "Bo Lee"], ["authors_deduplicated"]),
        ("2024-01-23", ["Ada Kim", "Ada Kim", "Ada Kim", "Bo Lee"], []),
    ],
)
def test_repeated_authors_are_mended_only_where_the_predecessor_repeated_them(
    day: str, authors: list[str], repairs: list[str]
) -> None:
    block = instead("Authors: Ada Kim, Bo Lee", "Authors: Ada Kim, Ada Kim, Ada Kim, Bo Lee")
    row = only_row(log(*block, day=day), "README.md")
    assert (row["authors"], row["repairs"]) == (authors, repairs)


@pytest.mark.parametrize(
    ("day", "model"),
    [
        ("2023-11-20", "gpt-4-1106-preview"),
        ("2024-04-12", "gpt-4-1106-preview"),
        ("2024-04-15", "gpt-4-turbo"),
        ("2024-06-07", "gpt-4o"),
        ("2024-07-22", "gpt-4o-mini"),
        ("2024-07-30", "gpt-4o-mini"),
        ("2024-07-31", "gpt-4o"),
        ("2025-05-09", "gpt-4o"),
    ],
)
def test_the_model_is_the_one_of_the_time(day: str, model: str) -> None:
    assert only_row(log(*USUAL, day=day), "README.md")["model"] == model


def test_lines_that_continue_a_bullet_are_cut_out_of_its_text_again() -> None:
    block = instead(NEWS, "- 첫 줄", "둘째 줄", "- **고찰**: ", "셋째 줄", "  - 넷째 줄")
    layout = only_row(log(*block))["layout"]
    assert layout == '#.i.n.a.bckct.. {"c":{"0":[3,4],"1":[0,4,4]}}'


def test_a_readme_keeps_its_own_lines_apart_from_the_papers() -> None:
    row = only_row(README, "README.md")
    assert row["summary_ko"] == PLAIN_ROW["summary_ko"]
    own = parsed(README, "README.md").own_lines
    assert [line for line in own if line.startswith("#")] == [
        "# Daily Papers", "## Project Description", "## License", "## Citation", "## Star History",
    ]  # fmt: skip


@pytest.mark.parametrize("text", [log(*USUAL), README])
def test_carriage_returns_and_a_byte_order_mark_come_back(text: str) -> None:
    strange = "\ufeff" + text.replace("\n", "\r\n")
    document = parsed(strange, "2024/11/12.md")
    assert (document.has_bom, document.newline, document.unparsed) == (True, "\r\n", [])
    assert rendered(document) == strange
    assert all(map(is_exact, document.papers))
    told = archive_rows([document]).rows.drop("raw", "layout")
    assert_frame_equal(told, archive_rows([parsed(text, "2024/11/12.md")]).rows.drop("raw", "layout"))


def test_one_line_with_another_end_changes_nothing_but_the_layout() -> None:
    assert only_row(log(*USUAL).replace(NEWS, f"{NEWS}\r"))["repairs"] == []


def test_a_second_section_of_the_day_goes_on_counting() -> None:
    second = log(*USUAL).replace("2411.00001", "2411.00002")
    document = parsed(log(*USUAL) + "\n" + second, "2024/11/12.md")
    assert [len(section.blocks) for section in document.sections] == [1, 1]
    assert archive_rows([document]).rows["rank"].to_list() == [1, 2]


def test_of_a_paper_that_stands_twice_the_first_is_kept_and_the_other_reported() -> None:
    same = parsed(README, "README.md")
    other = parsed(log(*instead("Vote: 7", "Vote: 8")), "2024/11/13.md")
    made = archive_rows([parsed(log(*USUAL), "2024/11/12.md"), same, other])
    assert made.rows["file"].to_list() == ["2024/11/12.md"]
    assert made.duplicates == [
        "2411.00001 is on the list of 2024-11-12 twice, 2024/11/12.md:3 and README.md:9; they are identical. "
        "The first is taken.",
        "2411.00001 is on the list of 2024-11-12 twice, 2024/11/12.md:3 and 2024/11/13.md:3; they differ in "
        "upvotes. The first is taken.",
    ]


def test_the_heading_wins_over_the_path() -> None:
    document = parsed(log(*USUAL), "paper_logs/2024/11/13.md")
    assert [section.list_date for section in document.sections] == [date(2024, 11, 12)]
    assert document.conflicts == [
        "paper_logs/2024/11/13.md:1 is headed 2024-11-12, its path says 2024-11-13: "
        "the heading's date is taken."
    ]
    assert parsed(log(*USUAL), "2024/11/12.md").conflicts == []


@pytest.mark.parametrize(
    "path", ["README.md", "2024/02/30.md", "2024/11/12.txt", "a2024/11/12.md", "2024/1/2.md", ""]
)
def test_other_paths_name_no_date(path: str) -> None:
    assert path_date(path) is None


def test_no_documents_make_no_rows() -> None:
    assert_frame_equal(archive_rows([]).rows, ARCHIVE.empty())
