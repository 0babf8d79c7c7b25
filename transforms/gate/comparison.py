"""A check of comparison: 저하 where the English only improves, 이상 where it says "at most".

A Korean word of the worse, smaller or impossible side is held against the English sentences it may speak of
(transforms/gate/counterpart.py) and doubted where they have words of the other side and none of its own. The
reverse, praise for what the English calls worse, cannot be told: every abstract praises. A bound beside a
number is compared with the words beside the same number, where a contradiction is certain. Called by
transforms/quality.py.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from schemas.answer import Code, Issue
from transforms.gate.case import Case, Check, Field, around, error, quoted, warning
from transforms.gate.counterpart import MOST_SENTENCES, SCENE, may_judge, passage_for
from transforms.gate.senses import MORE, NEGATION, SLOW, WORSE, has_sense

_MOST_PER_FIELD = 3
_MOST_LOOKED_AT = 20
# "성능 저하 없이" and "저하를 방지합니다" claim the good.
_OVERCOME = re.compile(r".{0,14}?(?:없|않|방지|막|완화|극복|해결|최소|문제|던 )")


class Turn(NamedTuple):
    """A Korean word that points one way, and what the English beside it says if the word was turned."""

    words: re.Pattern[str]
    support: str
    """The sense that the English must not have."""
    against: re.Pattern[str]
    """Words of the other side, one of which the English must have."""
    anywhere: re.Pattern[str] | None = None
    """A word that supports the Korean one from anywhere in the abstract."""


_GAINS = (
    "성능|정확도|정확성|품질|점수|성공률|능력|해상도|충실도|효율|효율성|성과|결과|재현율|신뢰도|신뢰성"
    "|유연성|확장성|견고성|강건성|처리량|속도|일반화|일관성|다양성|이해력|상관관계|만족도|선호도|승률"
)
_COSTS = (
    "비용|지연|지연 시간|시간|오류|오류율|오차|환각|메모리|메모리 사용량|사용량|계산량|연산량|복잡도|복잡성"
    "|오버헤드|손실|격차|부담|소비|요구량|위험"
)
_LOW = r"(?:낮[은아춥습췄추]|저하|감소|하락|떨어[지진집졌뜨])"
_HIGH = r"(?:증가|늘[려리렸어]|상승|높[이였아습])"
_ADVERB = (
    r"(?:[이가을를은는도의]|에서|까지)? ?"
    r"(?:(?:더|크게|현저히|상당히|대폭|훨씬|매우|효과적으로|\d+(?:\.\d+)?[%배]?p?) ?){0,2}"
)
_BETTER = re.compile(
    r"improv|enhanc|increas|boost|gain|better|best|superior|outperform|surpass|exceed|high|rais|ris(?:e|ing)|rose"
    r"|gr[eo]w|strong|advanc|excel|state-of|signific|robust|good|great|success|effecti|competiti|remarkabl|impress|outstand"
    r"|strengthen|powerful|prefer|achiev|facilitat|augment|reinforc|refin|\bmore\b|most|maxim|expand|comparable|reach"
)
_SMALLER = re.compile(
    r"reduc|decreas|lower|less|fewer|cut|sav|shrink|short|minim|mitigat|alleviat|suppress|small|effici|fast|accelerat"
    r"|speed|eliminat|without|drop|declin|halv|cheap|only"
)
_TURNS = (
    Turn(re.compile(r"악화|열등|약화|밑[돌도]|뒤처|뒤떨|열악|최저(?!임)|퇴보"), WORSE, _BETTER),
    Turn(re.compile(r"비효과"), WORSE, re.compile(r"effecti|efficac")),
    Turn(re.compile(r"나[쁜빠쁘]"), WORSE, _BETTER, re.compile(r"\b(?:bad|worse|worst|poor)")),
    Turn(re.compile(rf"낮은 (?:{_GAINS})|(?:{_GAINS}){_ADVERB}{_LOW}|(?<!현)저하"), WORSE, _BETTER),
    Turn(re.compile(rf"(?:{_COSTS}){_ADVERB}{_HIGH}"), MORE, _SMALLER),
    Turn(re.compile(r"느[린리립려]"), SLOW, re.compile(r"fast|speed|quick|rapid|accelerat|real-time|effici")),
    Turn(re.compile(r"실패"), NEGATION, re.compile(r"succe"), re.compile(r"\bfail|collaps|error")),
    Turn(
        re.compile(r"불가능"), NEGATION, re.compile(r"enabl|allow|possib|\bcan\b|able|feasib|potential"),
        re.compile(r"imposs|infeas|cannot|unable|imprac|inaccess|intract"),
    ),
    Turn(
        re.compile(r"부정확"), NEGATION, re.compile(r"accura|precis|correct|exact"),
        re.compile(r"inaccur|imprec|incorrect|error|mistak|wrong|noisy|partial"),
    ),
    Turn(
        re.compile(r"비효율"), NEGATION, re.compile(r"effici|effecti"),
        re.compile(r"ineffic|costly|expens|wast|slow|suboptim"),
    ),
    Turn(
        re.compile(r"불필요"), NEGATION, re.compile(r"\bneed|requir|necess"),
        re.compile(r"unnecess|redundan|irrelev|superflu|wast|extra"),
    ),
)  # fmt: skip
_ANY_TURN = re.compile("|".join(turn.words.pattern for turn in _TURNS))
_DIGITS = r"(?P<number>(?<![A-Za-z0-9.,])\d[\d,]*(?:\.\d+)?)"
_UNIT = r"(?: ?(?:%p?|퍼센트|포인트|[KMBTkx×]|[만억조천백]|[가-힣]{1,3}|ms|FPS|GB|MB|시간)){0,2}"
_AFTER = re.compile(rf"{_DIGITS}{_UNIT} ?(?P<bound>이상|이하|초과|미만)(?=[의인이을를로은는에하,.\s]|$)")
_BEFORE = re.compile(rf"(?P<bound>최대|최소)(?:한)? ?(?:약 ?)?{_DIGITS}")
_BOUND = re.compile("이상|이하|초과|미만|최대|최소")
_AT_LEAST = frozenset(("이상", "초과", "최소"))
_UPPER = re.compile(
    r"(?:less than|fewer than|lower than|smaller than|shorter than|under|below|up to|upto|at most|within"
    r"|not? more than|maximum(?: of)?|as (?:much|many|high|large|long|fast) as|<=?|≤|\\leq?|sub-|only)"
    r"[ $~]*(?:an? )?$"
)
_LOWER = re.compile(
    r"(?:(?<!no )(?<!not )more than|over|above|at least|exceed(?:s|ed|ing)?|beyond|greater than|larger than"
    r"|longer than|higher than|no (?:less|fewer) than|surpass(?:es|ed|ing)?|minimum(?: of)?"
    r"|as (?:few|little|low|small) as|>=?|≥|\\geq?)[ $~]*(?:an? )?$"
)
_UPPER_AFTER = re.compile(r"[\s%a-zA-Z$-]{0,20}(?:or (?:less|fewer|lower|below)|at most|maximum)")
_LOWER_AFTER = re.compile(r"\+|[\s%a-zA-Z$-]{0,20}(?:or (?:more|higher|above|longer)|at least|minimum|plus)")


def _comparison(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        if case.abstract is not None:
            yield from islice(_turned_bounds(case, field), _MOST_PER_FIELD)
        if may_judge(case, field) and not field.is_title and _ANY_TURN.search(field.bare):
            found = (
                issue
                for sentence in field.sentences[:MOST_SENTENCES]
                for issue in _turned(case, field, sentence)
            )
            yield from islice(found, _MOST_PER_FIELD)


def _turned(case: Case, field: Field, sentence: str) -> Iterator[Issue]:
    if not _ANY_TURN.search(sentence) or SCENE.search(sentence):
        return
    passage = passage_for(case)
    places = passage.near(sentence)
    near = " ".join(passage.sentences[index] for index in places).lower()
    for turn in _TURNS:
        match = turn.words.search(sentence)
        if not match or _OVERCOME.match(sentence, match.end()) or not turn.against.search(near):
            continue
        is_supported = turn.anywhere is not None and turn.anywhere.search(case.support.lower())
        if not is_supported and not any(has_sense(passage.words[index], turn.support) for index in places):
            beside = quoted(passage.sentences[places[0]])
            message = f"{quoted(match.group())} in {quoted(sentence)}, but the English says: {beside}."
            yield warning("comparison", field.name, message)


def _turned_bounds(case: Case, field: Field) -> Iterator[Issue]:
    if not _BOUND.search(field.bare):
        return
    found = (match for pattern in (_AFTER, _BEFORE) for match in pattern.finditer(field.bare))
    for match in islice(found, _MOST_LOOKED_AT):
        place = _contradicted(match["number"], match["bound"] in _AT_LEAST, case.support)
        if place is not None:
            beside = around(case.support, place, len(match["number"]))
            message = f"{quoted(match.group())} turns the bound of the English: {beside}."
            yield error("comparison", field.name, message)


def _contradicted(number: str, is_at_least: bool, english: str) -> int | None:
    """Where the English bounds the number on the other side; None when it agrees or says nothing."""
    found = None
    places = re.finditer(rf"(?<![A-Za-z0-9.,]){re.escape(number)}(?![0-9]|[.,][0-9])", english)
    for match in islice(places, _MOST_LOOKED_AT):
        before, after = (
            english[max(match.start() - 24, 0) : match.start()],
            english[match.end() : match.end() + 40],
        )
        is_upper = bool(_UPPER.search(before) or _UPPER_AFTER.match(after))
        is_lower = bool(_LOWER.search(before) or _LOWER_AFTER.match(after))
        if is_upper != is_lower:
            if is_lower == is_at_least:
                return None
            found = match.start()
    return found


CHECKS = (
    Check(
        {
            "comparison": Code(
                "A comparison or bound that points the other way than the English.", "error, warning"
            )
        },
        _comparison,
    ),
)
