"""The gate on real summaries: few false alarms as they stand, few planted faults missed.

The summaries of 27 May to 11 June 2024 were written from abstracts that stored day lists still hold. They
have no Korean title or abstract, and some days are in another speech level by design, so those checks are
left aside. Prints two tables (pytest -s).
"""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from schemas.answer import English, Issue, Korean, Section
from schemas.tables import SECTIONS
from transforms.quality import issues
from transforms.quantities import numbers

DATA = Path(__file__).parents[2].parent / "shared" / "data"
FIRST, LAST = "2024-05-27", "2024-06-11"
BLOCK = re.compile(r"^### \[(?P<title>.*)\]\(https://arxiv\.org/abs/(?P<id>[\d.]+)\)$", re.MULTILINE)

Pair = tuple[English, Korean]
Plant = Callable[[random.Random, English, Korean], Korean | None]

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="the archive lies beside the repository and is not here"
)


def stored_abstracts() -> dict[str, English]:
    found = {}
    for path in sorted((DATA / "daily_papers").glob("2024-0*.json")):
        records = json.loads(path.read_bytes())
        for paper in (record["paper"] for record in records if isinstance(record, dict)):
            title, abstract = (" ".join(paper[key].split()) for key in ("title", "summary"))
            found[paper["id"]] = English(paper["id"], title, abstract)
    return found


@lru_cache(maxsize=1)
def pairs() -> list[Pair]:
    abstracts = stored_abstracts()
    found = []
    for path in sorted((DATA / "archive" / "paper_logs" / "2024").glob("0[56]/*.md")):
        if not FIRST <= f"2024-{path.parent.name}-{path.stem}" <= LAST:
            continue
        heads = list(BLOCK.finditer(text := path.read_text(encoding="utf-8")))
        for head, follower in zip(heads, [*heads[1:], None], strict=True):
            body = text[head.end() : follower.start() if follower else len(text)]
            bullets = [Section(None, line[2:]) for line in body.splitlines() if line.startswith("- ")]
            if head["id"] in abstracts:
                found.append((abstracts[head["id"]], Korean("가", None, bullets)))
    return found


def found_in(english: English, korean: Korean) -> Iterator[Issue]:
    return (issue for issue in issues(english, korean) if issue.field.startswith("summary_ko"))


def test_few_real_summaries_are_refused() -> None:
    flagged: Counter[tuple[str, str]] = Counter()
    refused = set()
    for english, korean in pairs():
        found = set(found_in(english, korean))
        flagged.update({(issue.code, issue.severity) for issue in found})
        if any(issue.severity == "error" and issue.code != "register" for issue in found):
            refused.add(english.paper_id)
    print(f"\n{len(pairs())} papers, {len(refused)} refused beside the speech level: {sorted(refused)}")
    for (code, severity), count in flagged.most_common():
        print(f"{code:20} {severity:8} {count:4} papers")
    assert len(pairs()) > 100
    assert len(refused) <= 0.05 * len(pairs())


def replaced(rng: random.Random, korean: Korean, change: Callable[[str], str | None]) -> Korean | None:
    """The summary with one bullet changed, the first in random order that can be; None when none can."""
    order = list(range(len(korean.summary_ko)))
    rng.shuffle(order)
    for index in order:
        text = change(korean.summary_ko[index].text)
        if text is not None:
            return korean._replace(summary_ko=with_text(korean.summary_ko, index, text))
    return None


def with_text(summary: list[Section], index: int, text: str) -> list[Section]:
    return [*summary[:index], summary[index]._replace(text=text), *summary[index + 1 :]]


def digit_changed(rng: random.Random, english: English, korean: Korean) -> Korean | None:
    def change(text: str) -> str | None:
        long = [number for number in numbers(text) if sum(char.isdigit() for char in number.text) > 1]
        if not long:
            return None
        number = rng.choice(long)
        place = rng.choice([i for i, char in enumerate(number.text) if char.isdigit()])
        other = rng.choice([digit for digit in "123456789" if digit != number.text[place]])
        return text.replace(number.text, number.text[:place] + other + number.text[place + 1 :], 1)

    return replaced(rng, korean, change)


def unit_changed(rng: random.Random, english: English, korean: Korean) -> Korean | None:
    units = {"만": "억", "억": "만", "천": "만", "조": "억", "K": "M", "M": "B", "B": "M", "T": "B", "k": "M"}

    def change(text: str) -> str | None:
        scaled = [number for number in numbers(text) if number.text[-1] in units]
        if not scaled:
            return None
        number = rng.choice(scaled)
        return text.replace(number.text, number.text[:-1] + units[number.text[-1]], 1)

    return replaced(rng, korean, change)


def number_invented(rng: random.Random, english: English, korean: Korean) -> Korean | None:
    claim = f" 정확도는 {rng.randint(11, 98)}.{rng.randint(1, 9)}%입니다."
    return replaced(rng, korean, lambda text: text + claim)


def url_altered(rng: random.Random, english: English, korean: Korean) -> Korean | None:
    def change(text: str) -> str | None:
        match = re.search(r"https?://[!-~]{8,}", text)
        if not match:
            return None
        letters = [i for i in range(match.start() + 8, match.end() - 1) if text[i].isalpha()]
        place = rng.choice(letters)
        return text[:place] + ("q" if text[place] != "q" else "z") + text[place + 1 :]

    return replaced(rng, korean, change)


def url_added(rng: random.Random, english: English, korean: Korean) -> Korean | None:
    link = f"https://example{rng.randint(1, 99)}.org/x"
    return replaced(rng, korean, lambda text: f"{text} 자료는 {link} 에 있습니다.")


def chinese_word(rng: random.Random, english: English, korean: Korean) -> Korean | None:
    return replaced(
        rng, korean, lambda text: text.replace(" ", f" {rng.choice(['模型', '数据', '训练'])} ", 1)
    )


def left_in_english(rng: random.Random, english: English, korean: Korean) -> Korean | None:
    sentences = [s for s in re.split(r"(?<=\.) ", english.abstract or "") if len(s.split()) > 8]
    return replaced(rng, korean, lambda text: rng.choice(sentences)) if sentences else None


def section_dropped(rng: random.Random, english: English, korean: Korean) -> Korean | None:
    texts = [section.text for section in korean.summary_ko]
    named = [Section(name, text) for name, text in zip(SECTIONS, texts, strict=False)]
    del named[rng.randrange(len(named))]
    return korean._replace(summary_ko=named)


def markup(rng: random.Random, english: English, korean: Korean) -> Korean | None:
    forms = [
        "**{}**",
        "<b>{}</b>",
        "[{}](https://example.org)",
        "`{}`",
        "- {}",
        "# {}",
        "{{'내용': '{}'}}",
        "&quot;{}",
    ]
    return replaced(rng, korean, rng.choice(forms).format)


def register(rng: random.Random, english: English, korean: Korean) -> Korean | None:
    def change(text: str) -> str | None:
        plain = re.sub(r"(?:합니다|했습니다)\.$", "한다.", text)
        return plain if plain != text else None

    return replaced(rng, korean, change)


KINDS: dict[Plant, set[str]] = {
    digit_changed: {"number_invented", "number_scale", "name_invented"},
    unit_changed: {"number_scale", "number_invented"},
    number_invented: {"number_invented", "number_scale"},
    url_altered: {"url_invented"},
    url_added: {"url_invented"},
    chinese_word: {"foreign_script"},
    left_in_english: {"untranslated", "hangul_share"},
    section_dropped: {"section_set"},
    markup: {"markup"},
    register: {"register"},
}


@pytest.mark.parametrize(("plant", "codes"), KINDS.items(), ids=[plant.__name__ for plant in KINDS])
def test_planted_faults_in_real_summaries_are_found(plant: Plant, codes: set[str]) -> None:
    planted, missed = 0, []
    for seed in range(3):
        for english, korean in pairs():
            faulty = plant(random.Random(f"{seed} {english.paper_id}"), english, korean)
            if faulty is None:
                continue
            planted += 1
            before = set(found_in(english, korean))
            new = {issue.code for issue in found_in(english, faulty) if issue not in before}
            if not new & codes:
                missed.append((english.paper_id, seed))
    recall = 1 - len(missed) / planted
    print(f"\n{plant.__name__:16} {planted:4} planted, recall {recall:.3f}, missed {missed[:8]}")
    assert planted >= 20
    assert recall >= 0.9
