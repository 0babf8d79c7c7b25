"""No text makes the gate fail or linger: whatever a model or a listing sends, issues come back, soon."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.answer import English, Korean, Section
from transforms.quality import CODES, issues, repaired

HOSTILE = [
    *(
        "a",
        "가",
        "1",
        "1,000",
        "1.1",
        "a1-",
        "(",
        "[a](",
        "<a ",
        "&a",
        "$a",
        "\\a{",
        "`a",
        '"a ',
        "|a",
        "*a ",
        "- a ",
    ),
    *(
        ". ",
        "⟦M1",
        "https://a.b/",
        "aa.",
        "\ud800",
        "ㄱ",
        "\u1100\u1161",
        "a\u0301",
        "1만 ",
        "1/",
        "one hundred ",
    ),
    *("가나 ", "the of ", "합니다. ", '{"', "1x", "10^99 ", "x\n"),
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", HOSTILE)
def test_a_megabyte_of_anything_does_not_hang_the_gate(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    found = issues(English("2406.00005", "T", text), Korean("가", text, [Section(None, text)]))
    assert "too_long" in {issue.code for issue in found}
    assert len(found) < 200
    repaired(Korean("가", text, []))


PIECES = [
    *HOSTILE,
    "합니다.",
    " ",
    "$x$",
    "https://example.org/lantern",
    "7B",
    "70억",
    "5억 1,300만",
    "GPT-4",
    "수백만",
    "3분의 2",
]
ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=120),
    st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
)


@given(
    ANY_TEXT,
    st.none() | ANY_TEXT,
    ANY_TEXT,
    st.none() | ANY_TEXT,
    st.lists(st.tuples(st.none() | ANY_TEXT, ANY_TEXT)),
)
def test_no_text_makes_the_gate_fail(
    title: str,
    abstract: str | None,
    title_ko: str,
    abstract_ko: str | None,
    summary: list[tuple[str | None, str]],
) -> None:
    english = English("2406.00006", title, abstract)
    korean = Korean(title_ko, abstract_ko, [Section(*entry) for entry in summary])
    found = issues(english, korean)
    assert found == issues(english, korean)
    assert all(issue.severity in CODES[issue.code].severities.split(", ") for issue in found)
    assert all(issue.severity in ("error", "warning") and issue.message.isprintable() for issue in found)
    assert repaired(repaired(korean)) == repaired(korean)
