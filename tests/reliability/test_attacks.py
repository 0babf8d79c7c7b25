"""Every attack of the corpus against the request, the gate, the tables and the pages, without the line.

tests/reliability/test_attacks_on_the_line.py sends them through the line.
"""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import lxml.html
import nh3
import polars as pl
import pytest
from attacks import ATTACKS, KEY, Attack
from under_attack import READER, body_of, good_answer, shape_of, spoilt

from daylists import record
from flows.sandbox.model_paper import Paper, paper_in
from schemas.tables import RELEASE, TRANSLATIONS
from tablerows import RECIPE
from transforms.answers import CODES as ANSWER_CODES
from transforms.answers import judged
from transforms.card import card_markdown
from transforms.conversation import Ended, Paid, Step
from transforms.counts import CardCounts
from transforms.digest import DigestStats, readme_markdown
from transforms.forms import FORMS, form_markdown
from transforms.placeholders import tokens
from transforms.prompt import SYSTEM_PROMPT, messages_for, re_ask_for, source_of
from transforms.quality import CODES
from transforms.report import Report, day_papers, report_markdown
from transforms.text import encodable, plain
from transforms.translations import translation_row, translations_of

IDS = [f"{attack.kind}: {attack.name}" for attack in ATTACKS]
# The judges are slower than what they judge: markdown-it needs a minute for a megabyte of brackets.
JUDGED = 400
SEEN = datetime(2026, 3, 6, tzinfo=UTC)

each_attack = pytest.mark.parametrize("attack", ATTACKS, ids=IDS)


def test_the_corpus_is_large_and_names_each_attack_once() -> None:
    assert len(ATTACKS) >= 100
    assert len({attack.kind for attack in ATTACKS}) >= 12
    assert len(set(IDS)) == len({attack.text for attack in ATTACKS}) == len(ATTACKS)


# The request ---------------------------------------------------------------------------------------


@each_attack
def test_no_paper_leaves_its_fence_or_forges_a_placeholder(attack: Attack) -> None:
    source = source_of("2603.00001", attack.text, attack.text)
    system, user = messages_for(source)
    assert system == {"role": "system", "content": SYSTEM_PROMPT}
    given, opening, fenced = user["content"].partition("<paper-")
    tag = opening[1:] + fenced.partition(">")[0]
    assert user["content"].count(tag) == 2
    # What stands before the fence are our words for terms and amounts of the paper, and no more of it.
    assert all(re.fullmatch(r"[^<>]{1,60}", line) for line in given.split("\n") if line)
    shown = json.loads(fenced.partition(">")[2].removesuffix(f"</{tag}>"))
    title, abstract = source.shown.texts
    assert [shown[key] for key in ("paper_id", "title", "abstract")] == ["2603.00001", title, abstract]
    assert {*tokens(title), *tokens(abstract)} == set(source.shown.originals)
    assert paper_in([system, user]) == Paper("2603.00001", title, abstract)


# The answer ----------------------------------------------------------------------------------------

PAPER = record("2603.00001")["paper"]
SOURCE = source_of("2603.00001", PAPER["title"], PAPER["summary"])


def placed(attack: Attack, korean: str) -> list[str]:
    """The attack alone, before and behind good Korean."""
    alone = [attack.text]
    return alone if attack.kind == "size" else [*alone, f"{attack.text} {korean}", f"{korean} {attack.text}"]


def test_the_answer_that_is_spoilt_is_good() -> None:
    assert judged(spoilt("2603.00001"), SOURCE).errors == []


@each_attack
def test_an_answer_is_refused_or_is_plain_text(attack: Attack) -> None:
    for field in ("title_ko", "whats_new"):
        for text in placed(attack, good_answer("2603.00001")[field]):
            judgement = judged(spoilt("2603.00001", **{field: text}), SOURCE)
            assert all(issue.message.isprintable() for issue in judgement.issues)
            assert {issue.code for issue in judgement.issues} <= {*CODES, *ANSWER_CODES}
            korean = judgement.korean
            if korean is None or judgement.errors:
                continue
            for shown in (korean.title_ko, korean.abstract_ko, *(part.text for part in korean.summary_ko)):
                assert shown is not None
                assert plain(shown) == shown
                assert KEY not in shown
                assert not re.search(r"</?[a-z]|https?:|\]\(|⟦", shown, re.IGNORECASE)


@each_attack
def test_an_answer_that_is_nothing_but_the_attack_is_refused(attack: Attack) -> None:
    judgement = judged(body_of(attack.text), SOURCE)
    assert judgement.korean is None
    assert judgement.errors


def bodies_saying(text: str) -> Iterator[str]:
    """What a service could send with the text in every place of it."""
    completion = json.loads(spoilt("2603.00001"))
    choice = {"index": 0, "finish_reason": text, "message": {"content": text, "refusal": text}}
    yield text
    yield json.dumps({**completion, "model": text})
    yield json.dumps({**completion, "choices": text, "usage": {"prompt_tokens": text}})
    yield json.dumps({**completion, "choices": [choice]})
    yield spoilt("2603.00001", paper_id=text)
    yield spoilt("2603.00001", **{text: "하나 더"})
    yield spoilt("2603.00001", title_ko=text, abstract_ko=text, whats_new=text)


@pytest.mark.parametrize("attack", ATTACKS)
def test_whatever_the_service_sends_can_be_kept_and_asked_about(attack: Attack) -> None:
    rows = []
    for number, body in enumerate(bodies_saying(attack.text[:12_000])):
        judgement = judged(body, SOURCE)
        again = re_ask_for(messages_for(SOURCE), judgement.content, judgement.errors)
        spelt = json.dumps(again, ensure_ascii=False)
        assert encodable(spelt) == spelt
        step = Step("1-1", Paid(body, SEEN, "m", False, None), judgement)
        rows.append(translation_row(SOURCE, RECIPE._replace(model=str(number)), Ended(step, [step], 1)))
    TRANSLATIONS.schema.validate(translations_of(rows))


# The pages -----------------------------------------------------------------------------------------

LIST_DATE = date(2026, 3, 5)
COUNTS = CardCounts(9, 2, "2026-03-04", "2026-03-05", {"ok": 9}, [], [], 0)
STATS = DigestStats(papers=9, days=2, recent_days=[date(2026, 3, 4)], repo="org/set")


def rows_saying(text: str) -> pl.DataFrame:
    """RELEASE with the text in every column that text from outside can reach, gate or no gate."""
    common = {
        "list_date": LIST_DATE,
        "comment_count": 0,
        "first_seen_at": SEEN,
        "last_seen_at": SEEN,
        "title": text,
        "authors": [text, text],
        "abstract": text,
        "abstract_source": "arxiv",
        "is_withdrawn": False,
        "thumbnail_url": "https://cdn.example.org/t.png",
        "project_page": "https://project.example.org/",
        "media_urls": ["https://cdn.example.org/v.mp4"],
        "ai_keywords": [text],
        "organization": text,
        "submitted_by": text,
        "title_ko": text,
        "abstract_ko": text,
        "summary_ko": [{"section": text, "text": text}, {"section": None, "text": text}],
        "model": text,
        "translation_issues": [],
    }
    rows = [
        {**common, "paper_id": f"2603.0000{rank}", "rank": rank, "upvotes": 9 - rank, "translation_status": s}
        for rank, s in enumerate(("ok", "archived", "rejected", "pending"), start=1)
    ]
    return pl.DataFrame(rows, schema=RELEASE.empty().schema)


FORM_NAMES = list(FORMS)


def pages_saying(text: str, form: str) -> dict[str, str]:
    rows = rows_saying(text)
    report = Report("daily 2026-03-05", papers=day_papers(rows, LIST_DATE))
    report.broken.append(text)
    report.unavailable.append(text)
    report.codes[text] = 1
    report.ignored_fields[text] = 1
    return {
        "readme": readme_markdown(rows, LIST_DATE, STATS),
        "report": report_markdown(report),
        "card": card_markdown({}, [], COUNTS._replace(models=[text], prompt_versions=[text]), "org/set"),
        form: form_markdown(rows, LIST_DATE, form),
    }


PAGES = {name: READER.render(page) for form in FORMS for name, page in pages_saying("safe", form).items()}
HARMLESS = {name: shape_of(html) for name, html in PAGES.items()}
SANITISED = {name: shape_of(nh3.clean(html)) for name, html in PAGES.items()}
GITHUB_READS = re.compile(r"(?<![\w/])@[A-Za-z0-9]|#\d|:[\w+-]+:|\$.*\$", re.DOTALL)


# One of the older forms for each attack: all pass their texts through the same filters.
@pytest.mark.parametrize(
    ("attack", "form"),
    [(attack, FORM_NAMES[number % len(FORM_NAMES)]) for number, attack in enumerate(ATTACKS)],
    ids=IDS,
)
def test_no_page_gains_a_tag_a_link_or_a_picture(attack: Attack, form: str) -> None:
    text = encodable(attack.text)[:JUDGED]
    for name, page in pages_saying(text if plain(text) else "w", form).items():
        html = READER.render(page)
        assert shape_of(html) == HARMLESS[name], name
        assert shape_of(nh3.clean(html)) == SANITISED[name], name
        # GitHub leaves code and comments alone, and the page's own code is the citation.
        elements = list(lxml.html.fromstring(f"<div>{html}</div>").iter())
        read = [e.text for e in elements if isinstance(e.tag, str) and e.tag != "code"]
        read += [e.tail for e in elements]
        assert [text for text in read if text and GITHUB_READS.search(text)] == [], name
