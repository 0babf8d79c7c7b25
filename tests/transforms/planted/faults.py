"""Every kind of planted fault, by name, and what the gate is held to for it."""

from typing import NamedTuple

from planted import amounts, content, form, notation
from planted.edits import Plant


class Kind(NamedTuple):
    """One kind of fault and the least share of it that the gate must find."""

    plant: Plant
    floor: float

    @property
    def name(self) -> str:
        """The name under which the tables show it."""
        return self.plant.__name__


KINDS = (
    Kind(amounts.digit_changed, 0.95),
    Kind(amounts.unit_scale, 0.98),
    Kind(amounts.latin_to_myriad, 0.98),
    Kind(amounts.number_invented, 0.98),
    Kind(amounts.number_dropped, 0.92),
    Kind(amounts.percent_gained, 0.94),
    Kind(amounts.percent_lost, 0.95),
    Kind(content.url_altered, 0.98),
    Kind(content.url_added, 0.98),
    Kind(content.link_glued, 0.98),
    Kind(content.name_with_digit_changed, 0.95),
    Kind(content.name_changed, 0.94),
    Kind(content.title_name_lost, 0.98),
    Kind(content.name_invented, 0.96),
    Kind(content.wrong_paper, 0.98),
    Kind(content.formula_changed, 0.83),
    Kind(form.section_dropped, 0.98),
    Kind(form.field_emptied, 0.98),
    Kind(form.sentence_duplicated, 0.98),
    Kind(form.section_duplicated, 0.98),
    Kind(form.sentence_in_english, 0.98),
    Kind(form.all_in_english, 0.98),
    Kind(form.english_clause, 0.97),
    Kind(form.chinese_word, 0.98),
    Kind(form.other_script, 0.98),
    Kind(form.cut_mid_sentence, 0.98),
    Kind(notation.program_debris, 0.98),
    Kind(notation.html, 0.98),
    Kind(notation.markdown_block, 0.98),
    Kind(notation.markdown_link, 0.98),
    Kind(notation.emphasis, 0.98),
    Kind(notation.prompt_leak, 0.96),
    Kind(notation.invisible_character, 0.98),
    Kind(notation.eaten_latex, 0.98),
    Kind(notation.placeholder_left, 0.98),
    Kind(form.speech_level, 0.98),
    Kind(form.title_sentence, 0.98),
    Kind(form.loop, 0.98),
    Kind(form.bracket_open, 0.98),
)
BLIND = (
    Kind(amounts.number_word_changed, 0.5),
    Kind(content.cut_at_sentence_end, 0.05),
    Kind(content.negation_flip, 0.4),
    Kind(content.comparison_flip, 0.15),
    Kind(content.extra_claim, 0.25),
)
"""Kinds that the gate sees in part or by chance; measured, shown and left out of the micro recall."""
FACTS = frozenset(
    kind.name
    for kind in (*KINDS, *BLIND)
    if kind.plant.__module__ in (amounts.__name__, content.__name__)
    and kind.name not in ("url_added", "link_glued")
)
"""Kinds that only an abstract can show: they are not planted where there is none."""
