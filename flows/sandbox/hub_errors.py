"""What the Hub says when it says no: the status, the words and the code that clients tell errors apart by.

The words are those that huggingface.co was seen to send where that is known, because people search for
them. Called by the other hub modules, and by flows/sandbox/reply.py for scripted statuses.
"""

from typing import Literal

Code = Literal["RepoNotFound", "RevisionNotFound", "EntryNotFound"]

NO_TOKEN = "Invalid username or password."
BAD_TOKEN = "Invalid credentials in Authorization header"
OUTDATED = "A commit has happened since. Please refresh and try again."

_MESSAGES = {
    401: BAD_TOKEN,
    403: "You don't have the rights to write to this repository.",
    404: "Repository not found",
    412: OUTDATED,
    413: "Payload Too Large",
    429: "We had to rate limit you, you hit the quota of 1000 api requests per 5 minutes period.",
    500: "Internal Error - We're working hard to fix this as soon as possible!",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class HubError(Exception):
    """An answer that is no success; ends the operation without having changed anything."""

    def __init__(self, status: int, message: str, code: Code | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the Hub repeats the error in, which its client reads first."""
        text = " ".join(self.message.encode("latin-1", "replace").decode("latin-1").split())
        return {"X-Error-Message": text, **({"X-Error-Code": self.code} if self.code else {})}


def scripted_error(status: int, message: str | None) -> HubError:
    """The error of a rule: with the Hub's words for the status unless the rule has its own."""
    words = message or _MESSAGES.get(status, f"sandbox fault: status {status}")
    return HubError(status, words, "RepoNotFound" if status == 404 else None)


def no_repo(repo_id: str, is_known: bool) -> HubError:
    """The error for a repository that is not there, or not for someone without a token."""
    if is_known:
        return HubError(404, f"Repository not found: {repo_id}", "RepoNotFound")
    return HubError(401, NO_TOKEN, "RepoNotFound")


def no_revision(revision: str) -> HubError:
    """The error for a revision that is no branch, tag or commit."""
    return HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def no_entry(path: str, revision: str) -> HubError:
    """The error for a path that the revision does not have."""
    return HubError(404, f'{path} does not exist on "{revision}"', "EntryNotFound")
