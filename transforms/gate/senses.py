"""Which way an English word points: does it negate, is it the worse or the better, the less or the more.

A word may have several senses, and the lists are generous: they say what an English sentence could support,
so that only a Korean claim without any support is doubted. Called by negation.py and comparison.py beside it.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

NEGATION, DENIAL = "negation", "denial"
WORSE, BETTER, LESS, MORE, SLOW = "worse", "better", "less", "more", "slow"

# A plain word is a beginning: "fail" stands for fails and failure. A word in = signs is the whole word.
_WORSE = """
degrad deteriorat declin drop decreas reduc loss losses lost lose losing wors harm hurt sacrific compromis
impair diminish weak =low lower =poor poorer poorly inferior underperform =lag lags lagging behind below
fall fell fail struggl suffer limit insuffic ineffic inaccur subopt collaps vulnerab forget hinder decay
erod eros undermin gap difficult bottleneck negativ disrupt damag interfer drawback challeng shortcom
deficien lack exacerbat amplif problem artifact error bias overfit nois inconsist mismatch hallucin impede
sensitiv brittl fragil susceptib unstabl instabil constrain restrict penal adverse detriment distort blur
less without =not =no cannot only
"""
_LESS = """
cut cuts =cutting sav shrink short minim mitigat alleviat suppress compress small smaller few fewer slow
halv =half compact light cheap eliminat remov avoid prevent effici fast accelerat speed narrow conserv trim
prun sparse tiny least little lack scarc under =near minor low lowest economic spare relax eas relie allevi
lessen bypass free cost latenc overhead expens consum memor comput burden time delay tim tractab within min
mild weak modest
"""
_BETTER = """
improv enhanc increas boost gain better best superior outperform surpass exceed high highest high-quality
rais =rise =rises =rising =rose grow great more most strong rich advanc expand extend upgrad promot excel
=sota state signific refin optim beyond robust well good success solv competitive remarkabl impress outstand
strengthen powerful prefer favor effectiv achiev facilitat augment reinforc new novel propos introduc
demonstrat enabl allow
"""
_MORE = """
increas grow grew rais =rise =rises =rising =rose more larg high long expens heav intens quadratic
exponential linear scal addition extra demand prohibit huge massiv substantial signific expand extend amplif
burden bigger greater enlarg explod explos surg inflat accumul worse exacerbat aggravat =up =over exceed
doubl tripl most much
"""
_SLOW = """
slow latenc hour minut delay =lag expens costly bottleneck intens long ineffic prohibit burden heav
quadratic time consum lengthy imped hinder overhead day week cost
"""
_NEGATION = """
=not =no =nor cannot can't =non without never neither =none nothing nowhere unable =free despite hardly
barely rarely seldom =little =few rather instead only beyond =less absence absent regardless irrespective
unlike except =zero =yet =raw =sub subopt =far =gap =gaps inferior fail lack inabil incapab insuffic inadeq
ineffic ineffect inaccur incorrect incompl inconsist infeas imposs impract irrelev invalid invisib intract
independen indistinguish indifferen indirect inflex inflict inevitab inapplic inaccess inappropriat inexpens
inextric struggl difficult hard challeng avoid prevent eliminat remov miss poor underperform underexplor
understud underrepresent underutil underfit underestimat neglect overlook ignor hinder short suffer obviat
bypass circumvent overcom restrict prohibit exclud omit limit scarc costly expens problem drawback
bottleneck degrad =loss =lost losing suppress skip drop discard reject refus refut deny denies frozen freez
hidden agnostic collaps weak =worse =worst constrain imped vulnerab discrep mismatch error overfit forget
rigid prone alleviat mitigat reduc nontrivial disregard dispens disentangl disagree abstain refrain silen
withhold silent stop ceas =too =out within under disjoint alternativ separat distant restrain forgo abandon
replac differ contrary contradict wrong false
"""
# What denies a verb outright; an "only" or "challenge" near it does not.
_DENIAL = """
=not =no =nor cannot without never neither =none nothing unable fail lack inabil incapab insuffic inadeq
hardly barely rarely seldom =little struggl difficult ineffect instead rather refus far short
"""
# Words that begin with "un" and negate nothing, after these two letters.
_NOT_NEGATED = "der|i(?!m)|til|lock|veil|cover|ravel|mask|less|leash|fold"


def _pattern(words: str, more: str = "") -> re.Pattern[str]:
    parts = [f"{word[1:]}$" if word.startswith("=") else re.escape(word) for word in words.split()]
    return re.compile("|".join([*parts, *([more] if more else [])]))


_SENSES = {
    NEGATION: _pattern(_NEGATION, rf"un(?!{_NOT_NEGATED})\w|[a-z]+(?:n't|less)$"),
    DENIAL: _pattern(_DENIAL, r"un(?:explor|clear|able|success|solv|suit|fit)|[a-z]+n't$"),
    WORSE: _pattern(_WORSE),
    LESS: _pattern(f"{_LESS} {_WORSE}"),
    BETTER: _pattern(_BETTER),
    MORE: _pattern(_MORE),
    SLOW: _pattern(_SLOW),
}


@lru_cache(maxsize=20_000)
def senses_of(word: str) -> frozenset[str]:
    """Every sense of an English word in lower case.

    >>> sorted(senses_of("underperforms"))
    ['less', 'negation', 'worse']
    """
    return frozenset(sense for sense, pattern in _SENSES.items() if pattern.match(word))


def has_sense(words: Iterable[str], sense: str) -> bool:
    """True when some word has the sense."""
    return any(sense in senses_of(word) for word in words)
