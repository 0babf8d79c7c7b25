"""Which files of a repository are large files: what .gitattributes says, as the Hub writes it and reads it.

A new dataset comes with the list below. A file that no pattern names is large all the same when it is over
ten megabytes or no text. Called by flows/sandbox/hub_store.py and flows/sandbox/hub_commit.py.
"""

from fnmatch import fnmatchcase

_TO_LFS = " filter=lfs diff=lfs merge=lfs -text"
_LARGE = (
    "*.7z", "*.arrow", "*.avro", "*.bin", "*.bz2", "*.ckpt", "*.ftz", "*.gz", "*.h5", "*.joblib",
    "*.lfs.*", "*.lz4", "*.mds", "*.mlmodel", "*.model", "*.msgpack", "*.npy", "*.npz", "*.onnx",
    "*.ot", "*.parquet", "*.pb", "*.pickle", "*.pkl", "*.pt", "*.pth", "*.rar", "*.safetensors",
    "saved_model/**/*", "*.tar.*", "*.tar", "*.tflite", "*.tgz", "*.wasm", "*.xz", "*.zip", "*.zst",
    "*tfevents*", "*.pcm", "*.sam", "*.raw", "*.aac", "*.flac", "*.mp3", "*.ogg", "*.wav", "*.bmp",
    "*.gif", "*.png", "*.tiff", "*.jpg", "*.jpeg", "*.webp", "*.mp4", "*.webm",
)  # fmt: skip
DEFAULT_ATTRIBUTES = "".join(f"{pattern}{_TO_LFS}\n" for pattern in _LARGE).encode()

_LARGEST_REGULAR = 10_000_000


def is_large(path: str, size: int, sample: bytes, attributes: bytes) -> bool:
    """Whether the file is to be uploaded as a large one."""
    if size > _LARGEST_REGULAR or b"\0" in sample:
        return True
    return any(_names(pattern, path) for pattern in _large_patterns(attributes))


def _large_patterns(attributes: bytes) -> list[str]:
    lines = [line.split() for line in attributes.decode("utf-8", "replace").splitlines()]
    return [words[0] for words in lines if words and words[0] != "#" and "filter=lfs" in words]


def _names(pattern: str, path: str) -> bool:
    """Whether the pattern names the path: by its last part unless the pattern has a slash."""
    return fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern)
