"""A dataset repository on the Hugging Face Hub: its head, its files, a commit, a tag.

huggingface_hub speaks the protocol; this class gives it a timeout, bounded retries where asking twice does
no harm, and errors that say what to do. A commit is never repeated blindly: whether one whose answer is lost
was applied only the repository can tell, so that is the caller's to look at. Called by flows/push.py and
flows/verify.py.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import httpx2
import stamina

from flows.clients.http import retry_after, wait_before_retry
from flows.errors import ContractBroken, DailyPapersError, SettingsMissing, SourceUnavailable
from flows.settings import Settings

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

T = TypeVar("T")

# What huggingface_hub raises: HTTP errors, lost connections, broken uploads, unusable answers, offline mode.
_TROUBLES = (httpx2.HTTPError, RuntimeError, ValueError, OSError)
_ATTEMPTS = 6
_LONGEST_WAIT = 60.0
_BRANCH = "main"
_TYPE: Literal["dataset"] = "dataset"


class HeadMoved(Exception):
    """Somebody committed since the head was read; nothing of ours was committed."""


class CommitUnanswered(Exception):
    """The commit may have been applied or not; ``wait`` says how many seconds the Hub asks to wait."""

    def __init__(self, reason: str, wait: float | None) -> None:
        super().__init__(reason)
        self.wait = wait


class Hub:
    """One dataset repository.

    Raises:
        SettingsMissing: HF_TOKEN is not set, where it is going to be written to.
    """

    def __init__(self, settings: Settings, repo: str, *, writes: bool = True) -> None:
        # Imported here: half a second that only who publishes owes.
        from huggingface_hub import HfApi, set_client_factory
        from huggingface_hub.utils.tqdm import disable_progress_bars

        token = settings.hf_token.get_secret_value().strip() if settings.hf_token else ""
        if writes and not token:
            raise SettingsMissing(
                f"HF_TOKEN is not set, so nothing was published to {repo}; the release is written locally. "
                "Set it to a token with write access to the repository (https://huggingface.co/settings/tokens)."
            )
        # A step of the publish is what our own bar counts.
        disable_progress_bars()
        set_client_factory(lambda: _client(settings.hub_timeout))
        self.repo = repo
        self.endpoint = settings.hf_endpoint.rstrip("/")
        self.url = f"{self.endpoint}/datasets/{repo}"
        self._settings = settings
        self._api = HfApi(endpoint=self.endpoint, token=token or False)

    def head(self) -> str | None:
        """The head of the main branch; "" before its first commit, None when we see no such repository."""
        from huggingface_hub.errors import RepositoryNotFoundError

        try:
            info = self._read("its head", lambda: self._api.dataset_info(self.repo))
        except RepositoryNotFoundError:
            return None
        return info.sha or ""

    def create(self, *, private: bool) -> str:
        """Make the repository, which may be there by now; its head."""
        self._read(
            "to make it",
            lambda: self._api.create_repo(self.repo, repo_type=_TYPE, private=private or None, exist_ok=True),
        )
        head = self.head()
        if head is None:
            raise SourceUnavailable(
                f"{self.url} was made but cannot be seen yet; nothing was published. Run the same command "
                "again."
            )
        return head

    def files(self, commit: str) -> dict[str, str]:
        """Hash of every file of a commit: the SHA-256 of a large one, git's blob SHA-1 of a small one."""
        from huggingface_hub.hf_api import RepoFile

        def listed() -> list[Any]:
            return list(self._api.list_repo_tree(self.repo, recursive=True, revision=commit, repo_type=_TYPE))

        nodes = self._read("the list of its files", listed)
        return {
            node.path: node.lfs.sha256 if node.lfs else node.blob_id
            for node in nodes
            if isinstance(node, RepoFile)
        }

    def fetched(self, path: str, commit: str, folder: Path) -> Path:
        """A file of a commit, downloaded into ``folder``."""
        return Path(
            self._read(
                path,
                lambda: self._api.hf_hub_download(
                    self.repo, path, repo_type=_TYPE, revision=commit, local_dir=folder
                ),
            )
        )

    def commit(
        self,
        operations: "Iterable[CommitOperationAdd | CommitOperationDelete]",
        parent: str,
        title: str,
        description: str,
    ) -> str:
        """Commit all of these on top of ``parent`` or none of them; the new head.

        Raises:
            HeadMoved: ``parent`` is not the head.
            CommitUnanswered: No answer, or one that leaves open whether the commit was applied.
            DailyPapersError: The Hub refused; nothing was committed.
        """
        try:
            done = self._api.create_commit(
                self.repo,
                list(operations),
                commit_message=title,
                commit_description=description,
                repo_type=_TYPE,
                revision=_BRANCH,
                parent_commit=parent or None,
            )
        except _TROUBLES as error:
            cause = _http_error(error)
            if _status(cause) == 412:
                raise HeadMoved(str(error)) from error
            if _is_passing(cause):
                raise CommitUnanswered(_reason(cause), _asked_wait(cause)) from error
            raise self._refusal(error, "a commit") from error
        return str(done.oid)

    def tags(self) -> list[str]:
        """Names of the repository's tags."""
        refs = self._read("its tags", lambda: self._api.list_repo_refs(self.repo, repo_type=_TYPE))
        return [tag.name for tag in refs.tags]

    def tag(self, name: str, commit: str) -> None:
        """Tag a commit; a tag that is there stays where it is."""
        self._read(
            f"the tag {name}",
            lambda: self._api.create_tag(
                self.repo, tag=name, revision=commit, repo_type=_TYPE, exist_ok=True
            ),
        )

    def _read(self, subject: str, ask: Callable[[], T]) -> T:
        """The answer to a request that may be made twice.

        Raises:
            RepositoryNotFoundError: There is no such repository, or none that the token may see.
            DailyPapersError: The Hub refused, or did not answer within the attempts and the run's patience.
        """
        from huggingface_hub.errors import RepositoryNotFoundError

        def wait(error: Exception) -> bool | float:
            return wait_before_retry(_http_error(error), self._settings.patience)

        try:
            for attempt in stamina.retry_context(
                on=wait,
                attempts=_ATTEMPTS,
                timeout=self._settings.patience,
                wait_initial=self._settings.retry_wait,
                wait_max=max(self._settings.retry_wait, _LONGEST_WAIT),
                wait_jitter=self._settings.retry_wait,
            ):
                with attempt:
                    return ask()
        except RepositoryNotFoundError as error:
            if error.response.status_code == 404:
                raise
            raise self._refusal(error, subject) from error
        except _TROUBLES as error:
            raise self._refusal(error, subject) from error
        raise AssertionError("unreachable: retry_context returns or raises")

    def _refusal(self, error: Exception, subject: str) -> DailyPapersError:
        """The error that says what to do about a request that failed for good."""
        from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled

        if isinstance(error, DailyPapersError):
            return error
        kept = "The release is written locally, and nothing of this request was published."
        what = f"The Hub did not give or take {subject} of {self.repo}"
        cause = _http_error(error)
        if (status := _status(cause)) is not None:
            if (sentence := _SENTENCES.get(status)) is not None:
                kind, advice = sentence
                return kind(f"{what}: HTTP {status}. {kept} {advice}")
            said = _reason(cause)
            if status < 500:
                return ContractBroken(f"{what}: {said}. {kept}")
            return SourceUnavailable(f"{what}: {said}. {kept} Run the same command again later.")
        if isinstance(error, OfflineModeIsEnabled):
            return SettingsMissing(f"{what}, because HF_HUB_OFFLINE is set. {kept} Unset it.")
        if isinstance(error, HFValidationError):
            return SettingsMissing(
                f"{self.repo!r} cannot name a dataset ({error}). {kept} Its form: ORG/NAME."
            )
        if _is_passing(cause):
            return SourceUnavailable(f"{what}: {_reason(cause)}. {kept} Run the same command again later.")
        if isinstance(error, ValueError):
            return ContractBroken(f"{what}, for it is not well-formed: {error}. {kept}")
        return SourceUnavailable(f"{what}: {_reason(cause)}. {kept} Run the same command again later.")


_SENTENCES: dict[int, tuple[type[DailyPapersError], str]] = {
    401: (SettingsMissing, "HF_TOKEN is wrong or has expired; make another and set it."),
    403: (
        SettingsMissing,
        "HF_TOKEN may not write there: give it write access to the repository, or name one of yours.",
    ),
    404: (
        SettingsMissing,
        "There is no such repository, or HF_TOKEN may not see it; name another, or make it there.",
    ),
    413: (
        ContractBroken,
        "The commit is larger than the Hub takes; look for an oversized file in release/dataset and tell the "
        "project about it.",
    ),
    429: (SourceUnavailable, "Too many requests; run the same command again in some minutes."),
}


def _client(timeout: float) -> httpx2.Client:
    """huggingface_hub's own client, but one that does not wait for an answer for ever."""
    from huggingface_hub.utils._http import default_client_factory

    client = default_client_factory()
    client.timeout = httpx2.Timeout(timeout, connect=min(timeout, 30.0))
    return client


def _http_error(error: BaseException) -> BaseException:
    """The HTTP error behind an error: uploads wrap theirs."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, httpx2.HTTPError):
        cause = cause.__cause__
    return cause or error


def _status(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def _is_passing(error: BaseException) -> bool:
    """Whether asking again later may help: a busy or broken service, a lost connection, an upload cut off."""
    if (status := _status(error)) is not None:
        return status in (408, 425, 429) or status >= 500
    return isinstance(error, httpx2.TransportError | json.JSONDecodeError | RuntimeError)


def _asked_wait(error: BaseException) -> float | None:
    response = getattr(error, "response", None)
    return None if response is None else retry_after(response.headers)


def _reason(error: BaseException) -> str:
    if (status := _status(error)) is None:
        return f"{type(error).__name__} {error}".strip()
    said = str(getattr(error, "server_message", None) or "").strip()
    wait = _asked_wait(error)
    return f"HTTP {status}" + (f" ({said[:200]})" if said else "") + (f", wait {wait:g} s" if wait else "")
