"""Named questions: SQL with a description and typed parameters, out of the files in questions/.

A file begins with comment lines: the first one describes the question, and each ``-- :name KIND, default
VALUE`` declares a parameter. A month gives three placeholders, ``:name``, ``:name_first`` and
``:name_last``, so that a condition on list_date stays a plain comparison of dates. A person's own .sql file
may use the same lines. Called by flows/ask.py.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from jinja2 import Environment, PackageLoader

from transforms.statement import Refused, close_match

# The loader that the templates come by: part of the code, found wherever the package is installed.
_FILES: Final = PackageLoader("transforms", "questions")
_ENVIRONMENT: Final = Environment(loader=_FILES)
_DECLARED: Final = re.compile(
    r"--\s*:(?P<name>[a-z]+) (?P<kind>YYYY-MM|YYYY-MM-DD|number|words), default (?P<default>.+)"
)
_PLACEHOLDER: Final = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | ::  # not code, or a cast
    | :(?P<name>[a-z_]+)""",
    re.VERBOSE | re.DOTALL,
)
_WORDS: Final = re.compile(r"[\w .+/-]{1,100}")
_NUMBER: Final = re.compile(r"[0-9]{1,6}")
_FIRST, _LATEST = "the first month", "the latest month"
_EXAMPLES: Final = {
    "YYYY-MM": "a month such as 2024-06",
    "YYYY-MM-DD": "a day such as 2024-06-12",
    "number": "a whole number up to 999999",
    "words": "letters, digits, spaces and . + / -",
}


@dataclass(frozen=True)
class Parameter:
    """A value that a question takes."""

    name: str
    kind: str
    default: str


@dataclass(frozen=True)
class Question:
    """A query that may be run again with other values."""

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    sql: str


def questions() -> list[Question]:
    """The named questions, sorted by name."""
    names = [name for name in _FILES.list_templates() if name.endswith(".sql")]
    return [question(name.removesuffix(".sql")) for name in names]


def question(name: str) -> Question:
    """The question of this name.

    Raises:
        Refused: There is none; the message names the closest.
    """
    names = [each.removesuffix(".sql") for each in _FILES.list_templates()]
    if name not in names:
        meant = close_match(name, names) or f"; there are {', '.join(names)}"
        raise Refused(f"no question '{name}'{meant}")
    return read_question(name, _FILES.get_source(_ENVIRONMENT, f"{name}.sql")[0])


def read_question(name: str, text: str) -> Question:
    """The question that a text of SQL is, with what its leading comment lines declare."""
    leading = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        leading.append(line)
    declared = [match for line in leading if (match := _DECLARED.fullmatch(line.rstrip()))]
    parameters = tuple(Parameter(each["name"], each["kind"], each["default"]) for each in declared)
    description = leading[0].removeprefix("--").strip() if leading else ""
    return Question(name, description, parameters, text)


def filled(asked: Question, values: Mapping[str, str], months: Iterable[str]) -> str:
    """The question's SQL with a literal for each placeholder.

    Args:
        asked: The question.
        values: Values by parameter; the rest have their defaults.
        months: Months that the release has, for the defaults that name one.

    Raises:
        Refused: A value is not of its parameter's kind, or there is no such parameter.
    """
    names = [parameter.name for parameter in asked.parameters]
    for name in values:
        if name not in names:
            meant = close_match(name, names) or (
                f"; it takes {', '.join(names)}" if names else "; it takes none"
            )
            raise Refused(f"{asked.name} has no parameter '{name}'{meant}")
    held = sorted(months)
    literals: dict[str, str] = {}
    for parameter in asked.parameters:
        value = values.get(parameter.name) or _default(parameter, held)
        literals |= _literals(parameter, value)

    def literal(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0]
        if name not in literals:
            raise Refused(f"{asked.name}: nothing says what :{name} is{close_match(name, literals)}")
        return literals[name]

    return _PLACEHOLDER.sub(literal, asked.sql)


def _default(parameter: Parameter, months: list[str]) -> str:
    if parameter.default not in (_FIRST, _LATEST):
        return parameter.default
    if not months:
        raise Refused(
            f"the release holds no month yet, so {parameter.name} has no default. Fill it: daily-papers run"
        )
    return months[0 if parameter.default == _FIRST else -1]


def _literals(parameter: Parameter, value: str) -> dict[str, str]:
    """SQL literals by placeholder; nothing of the value gets in that its kind does not allow."""
    name, kind = parameter.name, parameter.kind
    if kind == "YYYY-MM" and (first := _day(f"{value}-01")) and re.fullmatch(r"[0-9]{4}-[0-9]{2}", value):
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return {name: f"'{value}'", f"{name}_first": f"DATE '{first}'", f"{name}_last": f"DATE '{last}'"}
    if kind == "YYYY-MM-DD" and (day := _day(value)):
        return {name: f"DATE '{day}'"}
    if kind == "number" and _NUMBER.fullmatch(value):
        return {name: str(int(value))}
    if kind == "words" and _WORDS.fullmatch(value):
        return {name: f"'{value}'"}
    raise Refused(f"{name}={value[:60]!r}: expected {_EXAMPLES[kind]}")


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    # The months before and after the calendar's ends have no days.
    return day if day and date.min.year < day.year < date.max.year else None
