"""What one translation needs next: another paid answer, or nothing more.

A translation is a conversation: the paper, the answer, the faults quoted back, at most two answers more,
and with a judge its verdict on each answer that the gate finds nothing against. Which step comes next
follows from the kept answers alone, so a run that died, a batch collected days later and a live run all
continue the same conversation and none pays twice. A rejected translation is begun again by later runs, up
to MAX_ROUNDS conversations, and then waits for the operator. Called by flows/translate.py.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from schemas.answer import Issue, Korean, TranslationAnswer
from transforms.answers import Judgement, judged
from transforms.judge import judge_request, verdict
from transforms.prompt import Source, messages_for, re_ask_for
from transforms.recipe import Recipe
from transforms.requests import ChatRequest

MAX_ANSWERS = 3
"""Answers of one conversation: the first and two re-asks."""
MAX_ROUNDS = 3
"""Conversations about one English text before it waits for the operator."""
_UNREADABLE = 1000


class Paid(NamedTuple):
    """One paid answer, as it was kept."""

    body: str
    answered_at: datetime
    model: str
    """Model that was asked."""
    is_batch: bool
    cost_usd: float | None


class Wanted(NamedTuple):
    """The answer that must be paid for next."""

    name: str
    """Its place: "1-2" is the second answer of the first round, "1-2-judge" the judge's verdict on it."""
    request: ChatRequest


class Step(NamedTuple):
    """One answer of the conversation and what it was found to be worth."""

    name: str
    paid: Paid
    judgement: Judgement


class Ended(NamedTuple):
    """A conversation that needs no more answers."""

    best: Step
    """The answer that is kept: the one with the fewest errors, then the fewest warnings, then the first."""
    steps: list[Step]
    """Every paid answer in order, verdicts included."""
    rounds: int
    """Rounds that were begun."""

    @property
    def korean(self) -> Korean | None:
        """The best answer's Korean; None when no answer could be read."""
        return self.best.judgement.korean

    @property
    def is_ok(self) -> bool:
        """True when the best answer has no error."""
        return self.korean is not None and not self.best.judgement.errors


def next_step(source: Source, recipe: Recipe, answers: Mapping[str, Paid], rounds: int) -> Wanted | Ended:
    """The answer that is wanted next, or how the conversation ended.

    Args:
        source: The paper.
        recipe: How it is asked about.
        answers: The answers kept so far, by name.
        rounds: Rounds that may be begun by now, at least 1.
    """
    steps: list[Step] = []
    tried: list[Step] = []
    for number in range(1, rounds + 1):
        wanted = _round(number, source, recipe, answers, steps, tried)
        if wanted is not None:
            return wanted
        best = min(tried, key=_badness)
        if not best.judgement.errors:
            return Ended(best, steps, number)
    return Ended(min(tried, key=_badness), steps, rounds)


def _round(
    number: int,
    source: Source,
    recipe: Recipe,
    answers: Mapping[str, Paid],
    steps: list[Step],
    tried: list[Step],
) -> Wanted | None:
    """The answer that this round wants next, or None when it has ended.

    Appends every paid answer to ``steps`` and every answer with all its issues to ``tried``.
    """
    messages = messages_for(source)
    for attempt in range(1, MAX_ANSWERS + 1):
        name = f"{number}-{attempt}"
        if name not in answers:
            return Wanted(name, _request(source, recipe, messages))
        step = Step(name, answers[name], judged(answers[name].body, source))
        steps.append(step)
        step_or_wanted = _judged_again(step, steps, source, recipe, answers)
        if isinstance(step_or_wanted, Wanted):
            return step_or_wanted
        tried.append(step_or_wanted)
        faults = _worth_asking(step_or_wanted.judgement, attempt)
        if not faults:
            return None
        messages = re_ask_for(messages, step_or_wanted.judgement.content, faults)
    return None


def _request(source: Source, recipe: Recipe, messages: list[dict[str, str]]) -> ChatRequest:
    return ChatRequest(
        source.english.paper_id,
        recipe.model,
        messages,
        "translation",
        TranslationAnswer.wire_schema(),
        dict(recipe.parameters),
    )


def _judged_again(
    step: Step, steps: list[Step], source: Source, recipe: Recipe, answers: Mapping[str, Paid]
) -> Step | Wanted:
    """The step with the judge's issues added, or the verdict that is wanted first; appends it to ``steps``.

    The judge is asked only about Korean that the gate lets pass: what the gate refuses is asked for again
    anyway.
    """
    korean = step.judgement.korean
    if recipe.judge_model is None or korean is None or step.judgement.errors:
        return step
    name = f"{step.name}-judge"
    if name not in answers:
        most_tokens = dict(recipe.parameters).get("max_completion_tokens")
        return Wanted(name, judge_request(source, korean, recipe.judge_model, most_tokens))
    found = verdict(answers[name].body, source, korean)
    empty = Judgement(None, found.issues, "", None, found.usage)
    steps.append(Step(name, answers[name], empty))
    return step._replace(judgement=step.judgement._replace(issues=[*step.judgement.issues, *found.issues]))


def _worth_asking(judgement: Judgement, attempt: int) -> list[Issue]:
    """The issues to quote in a re-ask; none when the answer is taken as it is.

    Errors are; terms that differ from the glossary are once, since an answer is never refused for them.
    """
    if judgement.errors:
        return judgement.errors
    return [issue for issue in judgement.issues if issue.code == "term_variant" and attempt == 1]


def _badness(step: Step) -> tuple[int, int]:
    judgement = step.judgement
    errors = len(judgement.errors) if judgement.korean is not None else _UNREADABLE
    return errors, len(judgement.issues)
