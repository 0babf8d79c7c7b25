"""One request to the Hub, taken apart: which repository, which revision, which path, by whom.

Clients quote a revision's slashes and sometimes a path's, so the parts are cut from the raw address and
unquoted afterwards. Called by flows/sandbox/hub.py.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request

from flows.sandbox.hub_errors import HubError

_TOKEN = "Bearer hf_"


@dataclass(frozen=True)
class Asked:
    """What is asked for."""

    request: Request
    body: bytes

    @cached_property
    def is_known(self) -> bool:
        """Whether a token came with it; any that looks like one is everybody's."""
        return self.request.headers.get("authorization", "").startswith(_TOKEN)

    @property
    def has_bad_token(self) -> bool:
        """Whether something came that is no token."""
        return "authorization" in self.request.headers and not self.is_known

    @property
    def repo_id(self) -> str:
        """``namespace/name``, from the address."""
        return f"{self._after_datasets(0)}/{self._after_datasets(1).removesuffix('.git')}"

    @property
    def revision(self) -> str:
        """What follows the operation's name: mostly a revision; empty when nothing does."""
        return self._after_datasets(self._first)

    @property
    def path(self) -> str:
        """What follows the revision; empty when nothing does."""
        return "/".join(self._segments[self._segments.index("datasets") + 2 + self._first :]).strip("/")

    @property
    def origin(self) -> str:
        """The sandbox's own address."""
        return str(self.request.base_url).rstrip("/")

    @property
    def other_origin(self) -> str:
        """The sandbox's address by another name: to clients another host, which gets no token."""
        url = self.request.base_url
        other = "127.0.0.1" if url.hostname == "localhost" else "localhost"
        return str(url.replace(hostname=other)).rstrip("/")

    def is_on(self, name: str) -> bool:
        """Whether the query's switch is on."""
        return self.request.query_params.get(name, "").lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        """A whole number of the query.

        Raises:
            HubError: It is none.
        """
        text = self.request.query_params.get(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise HubError(400, f'"{name}" must be a number')
        return int(text)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            HubError: It is none.
        """
        return json_object(self.body)

    @cached_property
    def _segments(self) -> list[str]:
        raw: bytes = self.request.scope["raw_path"]
        return [unquote(part) for part in raw.decode("ascii", "replace").lstrip("/").split("/")]

    @property
    def _first(self) -> int:
        """Where the revision is: after the operation's name, which a cached file's address does not have."""
        return 2 if self._segments[1] == "resolve-cache" else 3

    def _after_datasets(self, number: int) -> str:
        rest = self._segments[self._segments.index("datasets") + 1 :]
        return rest[number] if number < len(rest) else ""


def json_object(text: bytes) -> dict[str, Any]:
    """The JSON object that the text is.

    Raises:
        HubError: It is none.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise HubError(400, "Expected a JSON object")
    return found
