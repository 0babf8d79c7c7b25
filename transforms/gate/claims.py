"""A check of support: a fluent sentence of the summary of which nothing stands in the English.

A sentence is doubted when of at least five cues that it holds, numbers, Latin words and common terms
(transforms/gate/counterpart.py), no more than one in four leads anywhere in the abstract; of right sentences
in 155 papers none had less than two in five. A few claims that papers make outright are asked for by
name: an award, a trial with people, use in industry, plans. Sentences about other work of the same subject
pass unseen, and so does every one where full text was given. Called by transforms/quality.py.
"""

import re
from collections.abc import Iterator
from itertools import islice

from schemas.answer import Code, Issue
from transforms.gate.case import Case, Check, Field, quoted, warning
from transforms.gate.counterpart import MOST_SENTENCES, may_judge, passage_for

_MOST_PER_FIELD = 2
_FEWEST_CUES = 5
_LEAST_SHARE = 0.25
# A claim in Korean and the words of which the English has one when it makes the claim too.
_OUTRIGHT = tuple(
    (re.compile(korean), re.compile(english))
    for korean, english in (
        (
            r"(?:인간|사람|사용자|전문가)(?:의|에 의한)? ?평가|사용자 (?:연구|조사|설문)|설문",
            r"human|user|participant|annotat|rater|listen|prefer|judg|expert|people|survey|crowd|evaluator|person"
            r"|subjective|percept|turing|clinician|doctor|student",
        ),
        (
            r"(?<!보)상을 (?:받|수상)|수상[했하]|특허|상용화",
            r"award|prize|\bwin|\bwon|first place|1st|patent|commerc|product|competition|medal|champion|rank",
        ),
        (
            r"산업 ?현장|실제 서비스에|널리 (?:쓰이고|사용되고|활용되고) 있",
            r"industr|product|deploy|commerc|wide|practi|popular|common|adopt|business|real|enterprise|used|preval"
            r"|predomin|ubiquit|extensiv|standard|mainstream",
        ),
        (
            r"향후 (?:연구|계획)|후속 연구|계획입니다|예정입니다",
            r"future|plan|\bwill|further|next|ongoing|upcoming|pave|hope|potential|direction|forthcoming|soon|insight"
            r"|to be |releas|open|promis|opportunit|toward|inspir|\bcall|avail|road|research",
        ),
    )
)
_ANY_OUTRIGHT = re.compile("|".join(korean.pattern for korean, _ in _OUTRIGHT))


def _unsupported(case: Case) -> Iterator[Issue]:
    for field in case.summary:
        if may_judge(case, field):
            found = (
                issue
                for sentence in field.sentences[:MOST_SENTENCES]
                for issue in _doubts(case, field, sentence)
            )
            yield from islice(found, _MOST_PER_FIELD)


def _doubts(case: Case, field: Field, sentence: str) -> Iterator[Issue]:
    cues, shared = passage_for(case).shared(sentence)
    if cues >= _FEWEST_CUES and shared <= _LEAST_SHARE * cues:
        yield warning("claim_unsupported", field.name, f"Nothing of {quoted(sentence)} is in the English.")
    elif _ANY_OUTRIGHT.search(sentence):
        english = case.support.lower()
        for korean, support in _OUTRIGHT:
            match = korean.search(sentence)
            if match and not support.search(english):
                message = f"{quoted(match.group())} in {quoted(sentence)} is not in the English."
                yield warning("claim_unsupported", field.name, message)


CHECKS = (
    Check(
        {
            "claim_unsupported": Code(
                "A sentence of the summary of which nothing is in the English.", "warning"
            )
        },
        _unsupported,
    ),
)
