"""What a file of the archive may hold that is no paper: it is kept, with its place and a reason."""

import pytest

from archivelogs import HEADING, NEWS, PICTURE, README, SECOND, USUAL, assert_whole, instead, log
from transforms.archive import is_exact, parsed, rendered, rendered_paper

AUTHORS = "Authors: Ada Kim, Bo Lee"
NOT_ARXIV = "not_an_arxiv_paper"


def headed(heading: str) -> str:
    return log(heading, "", NEWS)


UNREADABLE = {
    "impossible date": (log(*USUAL, day="2024-02-30"), ["day_unreadable"] + ["below_an_unreadable_day"] * 5),
    "no date": (log(*USUAL, day="soon"), ["day_unreadable"] + ["below_an_unreadable_day"] * 5),
    "no heading": ("\n".join(USUAL), ["above_any_heading"] * 5),
    "text above": ("머리말\n" + log(*USUAL), ["above_any_heading"]),
    "text below the day": (log("메모", *USUAL), ["above_the_first_paper"]),
    "old identifier": (headed(HEADING.replace("2411.00001", "cs/0601001")), [NOT_ARXIV] * 2),
    "version": (headed(HEADING.replace("2411.00001", "2411.00001v2")), [NOT_ARXIV] * 2),
    "digits of another script": (headed(HEADING.replace("2411", "٢٤١١")), [NOT_ARXIV] * 2),
    "other site": (headed(HEADING.replace("arxiv.org", "arxiv.org.example")), [NOT_ARXIV] * 2),
    "empty title": (log("### [](https://arxiv.org/abs/2411.00001)"), [NOT_ARXIV]),
    "title of nothing visible": (log("### [\u200b](https://arxiv.org/abs/2411.00001)"), [NOT_ARXIV]),
    "unknown heading": (
        log(*USUAL, "## 부록", "", SECOND, "- 가."),
        ["heading_unknown"] + ["below_an_unknown_heading"] * 2,
    ),
    "paper outside a day": (README + "\n" + SECOND, ["outside_a_day"]),
    "word vote": (log(*instead("Vote: 7", "Vote: many")), ["vote_unreadable"]),
    "vote below zero": (log(*instead("Vote: 7", "Vote: -3")), ["vote_unreadable"]),
    "endless vote": (log(*instead("Vote: 7", f"Vote: {'9' * 5000}")), ["vote_unreadable"]),
    "second vote": (log(*instead("Vote: 7", "Vote: 7", "Vote: 8")), ["second_vote"]),
    "second authors": (log(*instead("Vote: 7", "Authors: A B", "Vote: 7")), ["second_authors"]),
    "broken list": (log(*instead(AUTHORS, "Authors: ['Ada', Bo()]")), ["authors_unreadable"]),
    "no character": (log(*instead(AUTHORS, r"Authors: ['\U00110000']")), ["authors_unreadable"]),
    "text above the bullets": (log(*instead(NEWS, "글.", NEWS)), ["above_the_summary"]),
    "text below the bullets": (log(*USUAL, "글."), ["below_the_summary"]),
    "vote below the bullets": (log(*USUAL, "Vote: 9"), ["below_the_summary"]),
    "script": (log(*instead(PICTURE, '<script src="x.js"></script>')), ["media_unreadable"]),
    "words beside a video": (
        log(*instead(PICTURE, "<video src='a'></video> 글")),
        ["media_unreadable"],
    ),
    "empty bullets": (
        log(*USUAL[:8], "- ", "- **고찰**: ", "- \u200b", "\u200b", NEWS),
        ["bullet_without_text"] * 4,
    ),
    "page": ("<!DOCTYPE html>\n<html>\n<h1>404</h1>\n</html>", ["above_any_heading"] * 4),
    "binary": ("\x00\x01PNG\x1a\n\x00", ["above_any_heading"] * 2),
}


@pytest.mark.parametrize(("text", "reasons"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_kept_with_its_line_and_reason(text: str, reasons: list[str]) -> None:
    document = parsed(text, "x.md")
    assert [line.reason for line in document.unparsed] == reasons
    assert all(text.split("\n")[line.line - 1] == line.text for line in document.unparsed)
    assert rendered(document) == text
    assert_whole(text, document)


def test_a_refused_paper_takes_its_lines_along_and_leaves_its_neighbours_alone() -> None:
    refused = (HEADING.replace("abs", "pdf"), "", "- 남의 글.", "")
    document = parsed(log(*USUAL, *refused, SECOND, "- 둘."), "x.md")
    assert [line.text for line in document.unparsed] == [refused[0], "- 남의 글."]
    assert [paper.summary for paper in document.papers] == [
        (("What's New", "새 방법입니다."),),
        ((None, "둘."),),
    ]


def test_a_paper_with_an_unparsed_line_is_not_called_exact() -> None:
    (paper,) = parsed(log(*USUAL, "글."), "x.md").papers
    assert not is_exact(paper)
    assert rendered_paper(paper) == paper.raw


HOSTILE = (
    "- " + "가" * 500_000,
    "- **" + "*a " * 200_000,
    "- " + "[" * 500_000,
    "- " + "\x08 " * 100_000,
    "- " + "\\" * 300_000,
    "Authors: " + "+, " * 200_000,
    "Authors: " + "A, " * 200_000,
    "Authors: [" + "'a', " * 200_000 + "]",
    "Authors: ['" + "\\" * 500_001,
    "<video " + ' src="a' * 100_000,
    "<video>" * 80_000 + "x",
    "![](" * 200_000,
    "### [" + "](https://arxiv.org/abs/" * 30_000,
    "## Daily Papers (2024-01-01)" + " " * 500_000 + "x",
    "\n".join(["- a", *["b"] * 50_000]),
    "\n".join(["Vote: x"] * 50_000),
    "\n".join(["- "] * 50_000),
)


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_line_takes_no_longer_than_its_length(line: str) -> None:
    # With quadratic work any of these would take many minutes, longer than the time limit of a test.
    text = log(*instead("Vote: 7", line) if line[0] in "AV<!" else instead(NEWS, line))
    document = parsed(text, "x.md")
    assert rendered(document) == text
    assert_whole(text, document)
