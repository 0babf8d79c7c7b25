"""The Jinja2 environment of everything that people read.

Templates are part of the code, so they are loaded as package resources. Autoescaping is off because it
escapes for HTML; text from outside goes through the ``escaped``, ``link`` and ``image`` filters instead.
Called by transforms/digest.py and transforms/card.py.
"""

import re
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from transforms.markdown import escaped, image, link

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("transforms"),
    undefined=StrictUndefined,
    autoescape=False,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters.update(escaped=escaped, link=link, image=image)
_BLANK_LINES: Final = re.compile(r"\n{3,}")


def rendered(template: str, **values: object) -> str:
    """The template filled in, one blank line at most between blocks and one line break at the end."""
    text = _ENVIRONMENT.get_template(template).render(values)
    # Blocks left out of a template leave their blank lines behind; text from outside is always one line.
    return _BLANK_LINES.sub("\n\n", text).strip("\n") + "\n"
