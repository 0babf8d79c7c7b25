"""Whatever the lines are, they are read without an error and rendered back; so is the archive itself."""

import ast
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archivelogs import (
    HEAD,
    HEADING,
    NEWS,
    SECOND,
    USUAL,
    VARIANTS,
    assert_whole,
    bullet,
    instead,
    log,
    only_row,
)
from schemas.tables import ARCHIVE
from transforms.archive import Document, archive_rows, is_exact, parsed, rendered
from transforms.archive.block import read_block
from transforms.archive.parts import python_names
from transforms.archive.usual import read_usual
from transforms.markdown import escaped, names_in_line
from transforms.text import INVISIBLE, plain

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"


@given(st.text())
@example("## Daily Papers (2024-01-01)\n### [a](https://arxiv.org/abs/2401.00001)\n\x1c- b")
def test_no_text_makes_it_fail_and_every_line_is_accounted_for(text: str) -> None:
    document = parsed(text, "2024/01/01.md")
    assert rendered(document) == text
    assert_whole(text, document)


def test_lone_surrogates_are_spelt_out_in_the_table() -> None:
    row = only_row(log(*instead(NEWS, "- 가\ud800나")), "a\udc00.md")
    assert row["summary_ko"] == [bullet(None, "가나")]
    assert (row["file"], row["raw"].split("\n")[8]) == (r"a\udc00.md", r"- 가\ud800나")


PIECES = sorted({line for block, _ in VARIANTS.values() for line in block if "\ud800" not in line})
LINES = st.sampled_from(
    [*PIECES, "", " ", "글", "Vote: x", "## Daily Papers (2024-01-02)", "## License", SECOND, "\t- x"]
)
TEXTS = st.text(st.sampled_from("가 나*[]{}'\"\\u+,:-<>&()\t\u200b\u1112\u1161#$@"), max_size=12)
STARTS = [
    "- ",
    "- **",
    "- ***What's New***: ",
    "Authors: ",
    "Authors: [",
    "Vote: ",
    "![](",
    "  - ",
    "### [",
    "",
]
MADE = st.builds("{}{}".format, st.sampled_from([*STARTS, "<video src='"]), TEXTS)


@settings(max_examples=300)
@given(st.lists(LINES | MADE, max_size=25), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_mixture_of_lines_renders_back_and_reads_the_same_again(
    lines: list[str], newline: str, has_bom: bool
) -> None:
    text = "\ufeff" * has_bom + newline.join(["## Daily Papers (2024-01-05)", "", HEADING, *lines])
    document = parsed(text, "2024/01/05.md")
    assert rendered(document) == text
    assert_whole(text, document)
    assert parsed(rendered(document), "2024/01/05.md") == document


@settings(max_examples=300)
@given(
    st.lists(LINES | MADE | st.just("- " + NEWS), max_size=8),
    st.sampled_from([date(2024, 1, 5), date(2024, 11, 12)]),
)
@example([NEWS, "- **고찰**: 글", "", "- 가."], date(2024, 11, 12))
@example(["- 가 &amp; 나"], date(2024, 11, 12))
@example(["- ['가']"], date(2024, 11, 12))
def test_the_short_way_reads_what_the_long_way_reads(lines: list[str], day: date) -> None:
    block = [*HEAD, *(line for line in lines if plain(line) == line and "\n" not in line)]
    usual = read_usual(block, 3, day)
    found = read_block(block, 3, day, "\n", is_clean=False)
    if usual is not None:
        assert found == (usual, [])
    assert found == read_block(block, 3, day, "\n", is_clean=True)


def test_the_usual_form_takes_the_short_way() -> None:
    assert read_usual(USUAL, 3, date(2024, 11, 12)) is not None


@pytest.mark.parametrize("hidden", [*"\u115f\u1160\u3164\uffa0\ufe0f\ufffd\U000e0101\u0301\u00a0"])
def test_no_file_counts_as_clean_that_hides_something(hidden: str) -> None:
    row = only_row(log(*instead(NEWS, f"- 가 e{hidden}나.")))
    assert row["summary_ko"] == [bullet(None, plain(f"가 e{hidden}나."))]
    assert row["repairs"] == ["text_normalised"]
    assert not INVISIBLE.search(row["summary_ko"][0]["text"])


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_names_are_decoded_as_python_does(names: list[str]) -> None:
    assert python_names(repr(names)) == ast.literal_eval(repr(names)) == names


@given(
    st.text(min_size=1).map(plain).filter(bool),
    st.lists(st.text(min_size=1).map(plain).filter(lambda name: name not in ("", "+")), min_size=1),
)
def test_what_our_own_pages_write_is_read_as_it_was(text: str, names: list[str]) -> None:
    block = instead(NEWS, f"- {escaped(text)}")
    line = f"Authors: {names_in_line(names)}"
    lines = tuple(line if entry.startswith("Authors") else entry for entry in block)
    (row,) = archive_rows([parsed(log(*lines), "x.md")]).rows.iter_rows(named=True)
    assert row["summary_ko"] == [bullet(None, text)]
    assert row["authors"] == names


# The archive itself ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive() -> list[tuple[str, Document]]:
    paths = [*sorted(DATA.glob("archive/**/*.md")), *sorted(DATA.glob("seeds/*.md"))]
    if not paths:
        pytest.skip("the predecessor's archive is not here")
    texts = {path.relative_to(DATA).as_posix(): path.read_bytes().decode() for path in paths}
    return [(text, parsed(text, file)) for file, text in texts.items()]


def test_every_line_of_the_real_archive_is_read_and_renders_back(archive: list[tuple[str, Document]]) -> None:
    for text, document in archive:
        assert document.unparsed == []
        assert document.conflicts == []
        assert rendered(document) == text
        assert all(map(is_exact, document.papers))
        assert len(list(document.papers)) == sum(line.startswith("### ") for line in text.split("\n"))
        assert_whole(text, document)


def test_the_real_rows_keep_the_contract_and_the_known_counts(archive: list[tuple[str, Document]]) -> None:
    made = archive_rows([document for _, document in archive])
    ARCHIVE.schema.validate(made.rows)
    assert made.rows["list_date"].is_sorted()
    assert not made.rows["summary_ko"].has_nulls()
    assert all("identical" in sentence for sentence in made.duplicates)
    repairs = dict(made.rows["repairs"].explode().drop_nulls().value_counts().iter_rows())
    # facts/translation.md, section 1: the given logs end in August 2024.
    assert repairs["authors_deduplicated"] == 202
    assert repairs["continuation_joined"] == 4
    assert repairs["nested_joined"] == repairs["section_key_normalised"] == 1
    assert repairs["control_characters_removed"] == 5
    assert (
        made.rows.filter(pl.col("media_urls").list.eval(pl.element().str.ends_with(".qt")).list.any()).height
        == 15
    )


def test_patches_hold_next_to_nothing_of_the_real_archive(archive: list[tuple[str, Document]]) -> None:
    # Otherwise rendering would only be another way to copy.
    layouts = sum(len(paper.layout) for _, document in archive for paper in document.papers)
    assert layouts < 0.05 * sum(len(text) for text, _ in archive)
