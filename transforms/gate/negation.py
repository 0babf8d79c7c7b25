"""A check of negation: a claim that was denied, or whose denial was lost, fluent and wrong.

A Korean denial is held against the English sentences it may speak of (transforms/gate/counterpart.py) and
doubted where none of them denies anything. A summary is only judged where its sentence itself denies, or
denies a verb by which papers say what they do; sentences that set the scene (기존, 그러나, 아직 …) are left
alone, since their English is often merged or left out. abstract_ko stands beside its English sentence by
sentence, so there every denial is looked at, and one that the English has and the Korean has not. Called by
transforms/quality.py.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain, islice

from schemas.answer import Code, Issue
from transforms.gate.alignment import Alignment, Group, alignment_of
from transforms.gate.case import Case, Check, Field, error, quoted, warning
from transforms.gate.counterpart import (
    MOST_SENTENCES,
    SCENE,
    Passage,
    may_judge,
    may_speak_of,
    passage_for,
    passage_of,
)
from transforms.gate.senses import DENIAL, NEGATION, has_sense

_MOST_PER_FIELD = 3
_LEAST_SHARED = 1.0
"""What two sentences must share to be held against each other."""
_NOT_SO = r"지(?:는|도|를)? ?(?:않|못)"
_ANY = re.compile(rf"{_NOT_SO}|없(?!애|앴|앤|앨)|[이가] 아닙|못[했합하함]")
# The sentence itself denies: its last word is 않습니다, 못했습니다, 없습니다, 아닙니다.
_DENIES = re.compile(
    rf"(?:{_NOT_SO}[가-힣]{{1,5}}|없(?:다|습니다|었[가-힣]{{1,3}}|음)|[이가] 아닙니다"
    r"|못(?:합니다|했습니다|함))[\s.!\"'”’)]*$"
)
# Verbs by which a paper says what it does. In 11,655 summaries of the predecessor the first list was never
# denied and the second one time in five hundred; both stand there thousands of times.
_NEVER_DENIED = (
    "제안 소개 제시 구성 설계 개발 구축 기록 극복 강조 분석 추출 강화 수집 촉진 검증 구현 시사 채택 논의 우수"
    " 강력 비교 고안 발표 자랑 시연 도출 진행 실현 감소 보존 탁월 유망 공헌"
)
_RARELY_DENIED = "도입 입증 개선 결합 능가 발휘 기여 증명 설명 식별 향상 수행 평가 다양 유용 보장 달성"
_PLAIN_VERBS = "보여주|줄이|높이|다루|이루|이끌|밝히|선보이"
_SUFFIX = r"(?:하|되|시키|해지)?"
_ABSURD = re.compile(rf"(?:(?:{'|'.join(_NEVER_DENIED.split())}){_SUFFIX}|{_PLAIN_VERBS}){_NOT_SO}[가-힣]*")
_ODD = re.compile(rf"(?:{'|'.join(_RARELY_DENIED.split())}){_SUFFIX}{_NOT_SO}[가-힣]*")
# Negative in form only.
_IDIOM = re.compile(
    r"(?:끊임|빈틈|손색|변함|틀림|유례|전례)[이가]? ?없|(?:거침|아낌|어김|빠짐|막힘|끝|수|쓸모)없"
    r"|(?:상관|관계)없이|없어서는 안|적지 않|못지않|뿐만 아니라|수밖에 없|채 [가-힣]{1,3}지 않"
)
# "Raw" and "dispreferred" are 가공되지 않은 and 선호되지 않는.
_UNDONE = re.compile(r"되지 ?않[은는]")
# "No more than 20" is a bound, and "No Skill" a name.
_NO = r"no(?! longer| more than| less than| fewer than|(?-i: [A-Z])|-)"
_NOT = r"not(?! only| just| merely| limited| least)"
_ENGLISH_DENIAL = re.compile(
    rf"\b(?:{_NOT}|cannot|never|without|fails?|failed|unable|neither|lacks?|lacking|{_NO})\b|n['’]t\b",
    re.IGNORECASE,
)
# What an English sentence denies: up to five words behind "without", or those before "-free".
_DENIED = re.compile(rf"\b(?:[Ww]ithout|[Nn]{_NO[1:]}|{_NOT}|never|cannot|can't)\b((?: [A-Za-z-]+){{1,5}})")
_FREE_OF = re.compile(r"((?:[A-Za-z]{1,20}[ -])?[A-Za-z]{1,20})-free\b")
_LETTERS = re.compile(r"[a-z]+")
_LITTLE = (
    "a an the any require requires requiring need needs needing using use used rely relying being be to of on"
    " for with in and or by as well only"
)
_is_little = frozenset(_LITTLE.split()).__contains__
_MOST_DENIED = 2
_MOST_PLACES = 3
# "Without losing" is "keeping" as well.
_KEPT = re.compile(r"유지|보존|그대로|온전|상관")
# Every way of denying in Korean, and of saying it otherwise: 실패, 부족, 대신, 드뭅니다, 모르.
_KOREAN_DENIAL = re.compile(
    r"않|없|못|(?<![가-힣])안 |아니|아닌|아닙|아님|아직|말고|불[가필충일완안]|비[현효정]"
    r"|무관|무시|무료|미[흡달지흥비]|실패|부족|결여|부재|제외|어렵|힘들|한계|대신|금지|거부|방지|피[하해]|막[는아]"
    r"|제거|생략|드물|드뭅|뿐|모르|서투|잃|사라|놓[치쳐]|외면|그치|그칩|배제|벗어|독립|프리|제로|자유|초월"
)


def _negation(case: Case) -> Iterator[Issue]:
    for field in case.fields:
        if not field.is_title:
            yield from islice(_in_field(case, field), _MOST_PER_FIELD)
    yield from islice(_against_counterparts(case), _MOST_PER_FIELD)


def _in_field(case: Case, field: Field) -> Iterator[Issue]:
    # abstract_ko has its counterparts.
    may_lose = (
        field.name != "abstract_ko" and may_judge(case, field) and _denials(case.abstract or "", case.title)
    )
    may_deny = _ANY.search(field.bare)
    for sentence in field.sentences[:MOST_SENTENCES] if may_lose or may_deny else ():
        if may_deny:
            yield from _denied(case, field, sentence)
        if may_lose:
            yield from _lost(case, field, sentence)


def _denied(case: Case, field: Field, sentence: str) -> Iterator[Issue]:
    """A doubt about the sentence, at most one, the surest first."""
    absurd = _ABSURD.search(sentence)
    if absurd and not (case.abstract and _says(passage_for(case), sentence, DENIAL)):
        yield _doubt(error, case, field, sentence, absurd.group())
    elif may_judge(case, field) and not SCENE.search(sentence) and not _is_aligned(case, field):
        odd, denies = _ODD.search(sentence), _DENIES.search(sentence)
        match = odd or denies
        if match and not (
            _says(passage_for(case), sentence, NEGATION)
            # Korean joins two sentences to one, which shares most with the first and denies like the second.
            or (not odd and _says(passage_for(case), sentence, DENIAL, further=1))
        ):
            yield _doubt(error if odd else warning, case, field, sentence, match.group())


def _lost(case: Case, field: Field, sentence: str) -> Iterator[Issue]:
    """A doubt about a sentence that speaks of what the English denies, and denies nothing."""
    places = passage_for(case).near(sentence)
    if len(places) > _MOST_PLACES:
        return
    denials = _denials(case.abstract or "", case.title)
    lost = (
        text
        for place in places
        for text, words in denials.get(place, ())
        if may_speak_of(sentence, words)
        and not any(pattern.search(sentence) for pattern in (_KOREAN_DENIAL, _KEPT, SCENE))
    )
    for text in islice(lost, 1):
        yield warning("negation", field.name, f"{quoted(text)} of the English is lost in {quoted(sentence)}.")


@lru_cache(maxsize=8)
def _denials(abstract: str, title: str) -> dict[int, list[tuple[str, list[str]]]]:
    """What each English sentence denies, as it stands and in its first words.

    What another sentence speaks of without denying it is left out.
    """
    passage = passage_of(abstract, title)
    found: dict[int, list[tuple[str, list[str]]]] = {}
    for place, sentence in enumerate(passage.sentences):
        is_free = "-free" in sentence
        for match in chain(_DENIED.finditer(sentence), _FREE_OF.finditer(sentence) if is_free else ()):
            words = _LETTERS.findall(match[1].lower())
            denied = [word for word in words if not _is_little(word)][:_MOST_DENIED]
            others = (known for index, known in enumerate(passage.words) if index != place)
            if denied and not any(known.issuperset(denied) for known in others):
                found.setdefault(place, []).append((match.group(), denied))
    return found


def _is_aligned(case: Case, field: Field) -> bool:
    """True for an abstract_ko that stands beside its English, where ``_against_counterparts`` sees more."""
    found = alignment_of(case) if field.name == "abstract_ko" else None
    return found is not None and found.is_telling


def _against_counterparts(case: Case) -> Iterator[Issue]:
    """Denials that only one side of the abstract has."""
    found = alignment_of(case)
    for group in found.groups if found else ():
        if found and found.shared(group) >= _LEAST_SHARED:
            korean = " ".join(found.korean[index] for index in group.korean)
            english = " ".join(found.passage.sentences[index] for index in group.english)
            if _gained(found.passage, group, korean):
                message = f"{quoted(korean)} denies what the English does not: {quoted(english)}."
                yield warning("negation", "abstract_ko", message)
            elif (lost := _ENGLISH_DENIAL.search(english)) and not _KOREAN_DENIAL.search(
                _about(found, group)
            ):
                message = f"{quoted(lost.group())} of {quoted(english)} is lost in {quoted(korean)}."
                yield warning("negation", "abstract_ko", message)


def _about(found: Alignment, group: Group) -> str:
    """The Korean of a group and a sentence before and after it, where a part of it may stand."""
    return " ".join(found.korean[max(group.korean.start - 1, 0) : group.korean.stop + 1])


def _gained(passage: Passage, group: Group, korean: str) -> bool:
    return bool(_ANY.search(_UNDONE.sub("", _IDIOM.sub("", korean)))) and not any(
        has_sense(passage.words[index], NEGATION) for index in group.english
    )


def _says(passage: Passage, sentence: str, sense: str, further: int = 0) -> bool:
    """True when an English sentence near the Korean one, or so many behind it, has a word of this sense."""
    return any(
        has_sense(words, sense)
        for index in passage.near(sentence)
        for words in passage.words[index : index + further + 1]
    )


def _doubt(
    make: Callable[[str, str, str], Issue], case: Case, field: Field, sentence: str, denial: str
) -> Issue:
    beside = "and the English does not deny it"
    if case.abstract:
        passage = passage_for(case)
        beside = f"but the English says: {quoted(passage.sentences[passage.near(sentence)[0]])}"
    return make("negation", field.name, f"{quoted(denial)} in {quoted(sentence)}, {beside}.")


CHECKS = (
    Check(
        {
            "negation": Code(
                "A claim that the Korean denies and the English does not, or the reverse.", "error, warning"
            )
        },
        _negation,
    ),
)
