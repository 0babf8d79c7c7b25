"""English phrases turned into Hangul pseudo-words, names, numbers and placeholders left as they are.

A stand-in that is no model still has to meet a quality gate honestly: what the gate guards (numbers,
names, placeholders, brackets) is copied, a denial stays one, and everything else becomes syllables drawn
from a hash of the word, so that the same word is always the same pseudo-word and nobody takes the result
for Korean. Called by flows/sandbox/pseudo.py.
"""

import hashlib
import re
from decimal import Decimal
from functools import lru_cache

# Syllables that Korean hardly uses, so that no two of them begin a word that says something: the gate asks
# what English stands behind such words. None counts (만, 억, 조 ...) or ends a sentence either.
_SYLLABLES = (
    "갸겨냐녀뇨댜뎌됴듀랴료먀묘뮤뱌뵤뷰샤셔슈캬켜쿄탸텨툐튜퍄퓨햐휴"
    "갼견냔뇬댠듄랸먄뮨뱐뷴샨션슌캰켠쿈탼툔튠퍈퓬햔휸"
)
_DROPPED_WORDS = """
    a an the of to in on at by as is are was be been and or for with from that this these those it its
    we our can will may have has had which who their them they than then also into such while where when
    both each i e.g i.e et al vs w.r.t cf do does so but if one two three four five six seven
    eight nine ten
"""
_DROPPED = frozenset(_DROPPED_WORDS.split())
# What denies in English denies in Korean too, or the gate misses the denial.
_DENYING_WORDS = """
    not no nor cannot never without neither none unable fail fails failed lack lacks lacking
"""
_DENIALS = frozenset(_DENYING_WORDS.split())
_DENIAL = "없이"
_UNITS = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_MYRIADS = (("조", 10**12), ("억", 10**8), ("만", 10**4))
_SMALL = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_BIG = re.compile(
    rf"(?<![\w.])(\$?)(\d[\d,]*(?:\.\d+)?|an?|{'|'.join(_SMALL)})[ -]"
    r"(thousand|million|billion|trillion)s?\b-?",
    re.I,
)
_TIMES = re.compile(r"(?<=\d)(?: times\b|-fold\b)(?! per)", re.I)
_PERCENT = re.compile(r"(?<=\d)(?: (?=%)| percent(?:age)?( points?)?\b)", re.I)
_POWER = re.compile(r"\^\{([^{}\s]+)\}")
# A colon or dash between digits belongs to the number (3:1, 3–5); elsewhere it only separates words. So do
# marks that Markdown or HTML would read. Han and Kana are no Korean, whatever they say.
_SEPARATOR = re.compile(
    r"(?<!\d):|:(?!\d)|—|–(?!\d)|(?<!\d)–|--+|[\[\]{}\"“”„«»*|`<>#~;!?\\…\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_ATOM = re.compile(r"⟦[MUC]\d+⟧|[()]|,(?!\d)|(?:[^\s()⟦⟧,]|,(?=\d))+")
_LATIN = re.compile(r"[A-Za-z]+")
_POSSESSIVE = re.compile(r"['’]s?$")
_EDGES = ".,'’‘&=/_-"
_LONGEST_RUN = 4


@lru_cache(maxsize=65_536)
def pseudo_word(word: str) -> str:
    """One to five Hangul syllables for the word, always the same ones."""
    digest = hashlib.blake2b(word.lower().encode("utf-8", "surrogatepass"), digest_size=8).digest()
    count = min(5, max(1, round(len(word) / 2.5)))
    return "".join(_SYLLABLES[digest[i] % len(_SYLLABLES)] for i in range(count))


@lru_cache(maxsize=65_536)
def is_name(word: str) -> bool:
    """Whether the word is copied: it has a digit, an inner capital, is an acronym, an address or the like."""
    if not any(char.isalnum() for char in word) or is_dropped(word):
        return False
    if any(char.isdigit() or char in "._@/^%=+" for char in word) or any(char.isupper() for char in word[1:]):
        return True
    return word[:1].isupper() and ("-" in word or len(word) == 1)


def is_dropped(word: str) -> bool:
    """Whether Korean does without the word: articles and the like, but not IT or OR, which are names."""
    return word.lower() in _DROPPED and not (len(word) > 1 and word.isupper())


def in_myriads(match: re.Match[str]) -> str:
    """The number in Korean units of ten thousand: "2.4 million" is 240만, its value unchanged."""
    currency, digits, unit = match[1], match[2].rstrip(",").replace(",", ""), match[3].lower()
    value = _counted(digits) * _UNITS[unit]
    for name, size in _MYRIADS:
        if value >= size:
            return f"{currency}{_written(value / size)}{name} "
    return f"{currency}{_written(value)} "


def _counted(digits: str) -> Decimal:
    word = digits.lower()
    if word in {"a", "an"}:
        return Decimal(1)
    return Decimal(_SMALL.index(word) + 1) if word in _SMALL else Decimal(digits)


def _written(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def phrase(text: str, names: frozenset[str] = frozenset()) -> list[str]:
    """Output tokens for an English phrase: copied names, pseudo-words, commas and balanced parentheses."""
    text = _BIG.sub(in_myriads, _POWER.sub(r"^\1", text))
    text = _PERCENT.sub(lambda match: "%p" if match[1] else "%" if match[0].strip() else "", text)
    text = _TIMES.sub("배", text)
    line = _Line(names)
    for atom in _ATOM.findall(_SEPARATOR.sub(" ", text)):
        line.add(atom)
    return line.finished()


def joined(tokens: list[str]) -> str:
    """The tokens as text, white space where Korean has it."""
    return " ".join(tokens).replace("( ", "(").replace(" )", ")").replace(" ,", ",")


@lru_cache(maxsize=65_536)
def _words(atom: str) -> tuple[str, ...]:
    """The words of an atom, punctuation and possessive stripped: "and/or" is two, "CPU/GPU" a name."""
    word = _POSSESSIVE.sub("", atom.rstrip(_EDGES).lstrip("'’‘./&=_")).rstrip(_EDGES)
    if not word[1:2].isdigit():
        word = word.lstrip("+-−±≈")
    parts = word.split("/")
    return tuple(parts) if all(part.isalpha() and part.islower() for part in parts) else (word,)


class _Line:
    """Tokens as they are gathered, with the parentheses still open and the Latin words in a row."""

    def __init__(self, names: frozenset[str]) -> None:
        self.tokens: list[str] = []
        self._names = names
        self._open: list[int] = []
        self._run = 0

    def add(self, atom: str) -> None:
        """Take one atom of the source."""
        if atom == "(":
            self._open.append(len(self.tokens))
            self.tokens.append(atom)
        elif atom == ")":
            self._close()
        elif atom == ",":
            if self.tokens and self.tokens[-1] not in {",", "("}:
                self.tokens.append(atom)
        elif atom.startswith("⟦"):
            self.tokens.append(atom)
        else:
            self._word(atom)

    def _close(self) -> None:
        if not self._open:
            return
        start = self._open.pop()
        if self.tokens[-1] == ",":
            self.tokens.pop()
        if start == len(self.tokens) - 1:
            self.tokens.pop()
        else:
            self.tokens.append(")")

    def _word(self, atom: str) -> None:
        for word in _words(atom):
            if word in self._names or is_name(word):
                self._copy(word)
            elif word.lower() in _DENIALS or word.endswith(("n't", "n’t")):
                self.tokens.append(_DENIAL)
                self._run = self._run if self._open else 0
            elif any(char.isalpha() for char in word) and not is_dropped(word):
                self.tokens.append(pseudo_word(word))
                self._run = self._run if self._open else 0

    def _copy(self, word: str) -> None:
        latin = len(_LATIN.findall(word))
        # Five Latin words in a row look untranslated, to a gate and to a reader alike.
        if latin and not self._open and self._run and self._run + latin > _LONGEST_RUN:
            self.tokens.append("및")
            self._run = 0
        # A list in parentheses is a gloss; it neither makes a run nor breaks one.
        self._run += 0 if self._open else latin
        self.tokens.append(word)

    def finished(self) -> list[str]:
        """The tokens, parentheses that never close and a trailing comma left out."""
        unclosed = set(self._open)
        tokens = [token for index, token in enumerate(self.tokens) if index not in unclosed]
        while tokens and tokens[-1] == ",":
            tokens.pop()
        return tokens
