"""The paper's page as text for a prompt: prose in order, within the budget."""

from hypothesis import given
from hypothesis import strategies as st

from transforms.full_text import CHARACTERS_A_TOKEN, full_text_of, sections_of

PAGE = """# Millstone: Grinding Long Documents

Ada Lind, Bo Kim

## Abstract

We present Millstone.

## 1 Introduction

Reading *long* documents [is slow](https://example.org/slow) ![beacon](https://example.org/pixel.png)
and costs $O(n^2)$. <img src=x onerror=alert(1)>

### 1.1 Why

Because `attention` grows.

## 2 Method

| part | size |
| --- | --- |
| encoder | 7B |

## Acknowledgements

We thank nobody.

## References

[1] Somebody.
"""


def test_prose_keeps_its_order_and_loses_links_pictures_html_and_what_is_no_content() -> None:
    assert full_text_of(PAGE, 1000) == (
        "Millstone: Grinding Long Documents\nAda Lind, Bo Kim\n\n"
        "1 Introduction\nReading long documents is slow and costs $O(n^2)$.\n"
        "1.1 Why\nBecause attention grows.\n\n"
        "2 Method\npart\nsize\nencoder\n7B"
    )


def test_the_budget_cuts_at_the_end_of_a_section() -> None:
    assert full_text_of(PAGE, 20) == "Millstone: Grinding Long Documents\nAda Lind, Bo Kim"
    assert [section.heading for section in sections_of(PAGE)][1:3] == ["Abstract", "1 Introduction"]


def test_a_first_section_beyond_the_budget_is_cut_at_the_end_of_a_paragraph() -> None:
    page = "## 1 Introduction\n\n" + "\n\n".join("word " * 30 for _ in range(20))
    text = full_text_of(page, 100)
    assert text is not None
    assert text.splitlines() == ["1 Introduction", ("word " * 30).strip(), ("word " * 30).strip()]


def test_a_page_without_prose_has_no_full_text() -> None:
    assert full_text_of("", 1000) is None
    assert full_text_of("## References\n\n[1] X.\n", 1000) is None
    assert full_text_of("![](https://example.org/x.png)", 1000) is None


@given(st.text(max_size=2000), st.integers(1, 400))
def test_whatever_the_page_holds_the_text_keeps_to_its_budget(page: str, tokens: int) -> None:
    text = full_text_of(page, tokens)
    assert text is None or len(text) <= tokens * CHARACTERS_A_TOKEN
