"""The Korean summary of an archived paper: bullets, their sections and the lines that continue them.

Called by transforms/archive/block.py.
"""

from collections.abc import Sequence
from typing import Final

from transforms.archive.layout import BULLETS, Bullet
from transforms.archive.parts import section_of, standard_section
from transforms.archive.usual import is_usual, usual_summary
from transforms.archive.words import Stray, Words

_HEAD_LINES: Final = ("Vote:", "Authors:", "![", "[Watch Video]", "<video", "<div>", "<iframe")


class Summary(Words):
    """Reads the lines below a paper's head: each reader takes a line and answers its kind."""

    def __init__(self, *, is_clean: bool) -> None:
        super().__init__(is_clean=is_clean)
        self.bullets: list[Bullet] = []
        self.pieces: dict[int, list[str]] = {}
        """What stands on each line of a bullet that more than one line holds, by the bullet's number."""

    def take_usual(self, lines: Sequence[str]) -> bool:
        """Whether the lines are a summary of the usual form, which is then taken."""
        below = usual_summary(lines) if self.is_clean and is_usual("\n".join(lines), 0) else None
        if below is None:
            return False
        kinds, bullets = below
        self.bullets = list(bullets)
        self.kinds += kinds
        return True

    def bullet(self, line: str) -> str:
        """Kind of a bullet's first line."""
        self.is_open = True
        stars, name, rest = section_of(line) or ("", "", "")
        section = self.section(name) if name else ""
        if not section:
            return self.plain_bullet(line[2:])
        if len(line) - len(name) - len(rest) != 2 * len(stars) + 3:
            self.repairs.add("section_stars_mended")
            self.is_odd = True
        self.is_odd |= not rest.startswith(" ")
        self.bullets.append((section, self.words(rest.removeprefix(" "))))
        return "k" if stars == "**" else "K"

    def plain_bullet(self, text: str) -> str:
        """Kind of a bullet that names no section, or names it in a comment as our own pages do."""
        words, _, name = (
            text.removesuffix(" -->").rpartition(" <!-- ") if text.endswith(" -->") else ("", "", "")
        )
        section = self.section(name) if words else ""
        self.bullets.append((section, self.words(words)) if section else (None, self.words(text)))
        return "B" if section else "b"

    def section(self, name: str) -> str:
        """The section's name, its apostrophe and white space as they should be; empty if nothing shows."""
        section = standard_section(self.words(name, "section_key_normalised"))
        if section != name:
            self.is_odd = True
            self.repairs.add("section_key_normalised")
        return section

    def below(self, line: str) -> str:
        """Kind of a line that heads nothing: it continues the bullet above it, if there is one."""
        if line.startswith("- "):
            return self.bullet(line)
        if not self.bullets:
            return self.stray("above_the_summary")
        if not self.is_open or line.startswith(_HEAD_LINES):
            return self.stray("below_the_summary")
        words = line.lstrip()
        is_nested = words.startswith("- ")
        number = len(self.bullets) - 1
        pieces = self.pieces.setdefault(number, [self.bullets[number][1]])
        pieces.append(self.words(words[2:] if is_nested else line))
        self.repairs.add("nested_joined" if is_nested else "continuation_joined")
        self.is_odd = True
        return "t" if is_nested else "c"

    def close(self) -> None:
        """Join the pieces of bullets; a bullet without any text makes its lines strays."""
        for number, pieces in self.pieces.items():
            self.bullets[number] = self.bullets[number][0], " ".join(filter(None, pieces))
        if self.pieces:
            self.extras["c"] = {str(number): [*map(len, pieces)] for number, pieces in self.pieces.items()}
        if not all(text for _, text in self.bullets):
            self.drop_empty()

    def drop_empty(self) -> None:
        """Make strays of the lines of each bullet without text."""
        number = -1
        for place, kind in enumerate(self.kinds):
            number += kind in BULLETS
            if (kind in BULLETS or kind in "ct") and not self.bullets[number][1]:
                self.kinds[place] = "?"
                self.strays.append(Stray(place, "bullet_without_text"))
        kept = [number for number, (_, text) in enumerate(self.bullets) if text]
        cuts = self.extras.pop("c", {})
        if moved := {str(new): cuts[str(old)] for new, old in enumerate(kept) if str(old) in cuts}:
            self.extras["c"] = moved
        self.bullets = [self.bullets[number] for number in kept]
        self.strays.sort()
        self.is_odd = True
