"""What the Hub, `datasets` and a careful reader would find wrong with a dataset's folder, offline."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from datasets import Features
from huggingface_hub import metadata_load
from markdown_it import MarkdownIt

KNOWN_TASKS = {"translation", "summarization", "text-generation", "text-classification", "text-retrieval"}
"""Of the Hub's task ids those that texts can have; npm's @huggingface/tasks has them all."""
KNOWN_LICENSES = {"cc-by-nc-4.0", "cc-by-nc-nd-4.0", "cc-by-4.0", "cc0-1.0", "other"}
MOST_ARXIV_LINKS = 3
_FRONT = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)


class _Strict(yaml.SafeLoader):
    """YAML that refuses a key given twice, of which the Hub would take the last without a word."""


def _mapping(loader: _Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]  # type: ignore[no-untyped-call]
    if doubled := [key for key in keys if keys.count(key) > 1]:
        raise yaml.YAMLError(f"duplicate key {doubled[0]!r}")
    return loader.construct_mapping(node, deep=True)


_Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def card_faults(folder: Path) -> Iterator[str]:
    """One sentence for each thing that is wrong with ``README.md`` and what it promises of the folder."""
    path = folder / "README.md"
    text = path.read_bytes().decode()
    front = _FRONT.match(text)
    if front is None:
        yield "no front matter at the very beginning"
        return
    try:
        strictly = yaml.load(front[1], _Strict)
    except yaml.YAMLError as error:
        yield f"front matter: {error}"
        return
    data = metadata_load(path)
    if not data or data != strictly:
        yield "huggingface_hub reads other metadata than stands there"
        return
    yield from _metadata_faults(data)
    yield from _config_faults(folder, data)
    yield from _page_faults(folder, text[front.end() :])


def _known(name: str) -> set[str]:
    return set(json.loads((files("datasets.utils.resources") / name).read_text(encoding="utf-8")))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _metadata_faults(data: dict[str, Any]) -> Iterator[str]:
    known = {
        "language": _known("languages.json"),
        "size_categories": _known("size_categories.json"),
        "task_categories": KNOWN_TASKS,
        "license": KNOWN_LICENSES,
    }
    for key, values in known.items():
        if not data.get(key):
            yield f"no {key}"
        for value in _listed(data.get(key, [])):
            if value not in values:
                yield f"unknown {key}: {value}"
    if not data.get("tags") or not data.get("pretty_name"):
        yield "no tags or no name"


def _config_faults(folder: Path, data: dict[str, Any]) -> Iterator[str]:
    configs = {config["config_name"]: config for config in data.get("configs", [])}
    infos = {info["config_name"]: info for info in data.get("dataset_info", [])}
    if configs.keys() != infos.keys():
        yield f"configs {sorted(configs)}, dataset_info {sorted(infos)}"
        return
    if configs and [config.get("default") for config in configs.values()].count(True) != 1:
        yield "not one default config"
    promised: set[Path] = set()
    for name, config in configs.items():
        features = Features._from_yaml_list(infos[name]["features"])
        for place, split in zip(config["data_files"], infos[name]["splits"], strict=True):
            found = sorted(folder.glob(place["path"]))
            promised.update(found)
            if place["split"] != split["name"]:
                yield f"{name}: the split is {place['split']} here and {split['name']} there"
            yield from _split_faults(f"{name} ({place['path']})", split, found)
            yield from _feature_faults(name, features, found)
    if stray := sorted(path.name for path in set(folder.rglob("*.parquet")) - promised):
        yield f"files of no config: {stray}"


def _split_faults(name: str, split: dict[str, Any], parquet: list[Path]) -> Iterator[str]:
    rows = [pq.read_metadata(path).num_rows for path in parquet]
    if not parquet or 0 in rows:
        yield f"{name}: {len(parquet)} files, {rows.count(0)} of them empty"
    if split["num_examples"] != sum(rows):
        yield f"{name}: {split['num_examples']} rows promised, the files have {sum(rows)}"
    if split["num_bytes"] != sum(path.stat().st_size for path in parquet):
        yield f"{name}: {split['num_bytes']} is not the size of its files"


def _feature_faults(name: str, features: Features, parquet: list[Path]) -> Iterator[str]:
    for path in parquet:
        own = Features.from_arrow_schema(pq.read_schema(path))
        if unlike := [column for column in own if own[column] != features.get(column)]:
            yield f"{name}: {path.name} has {unlike} otherwise than dataset_info"


def _page_faults(folder: Path, page: str) -> Iterator[str]:
    tokens = [
        token
        for block in MarkdownIt("gfm-like").parse(page)
        for token in [block, *(block.children or [])]
        if token.type in ("link_open", "image", "html_block", "html_inline")
    ]
    for token in tokens:
        target = str(token.attrs.get("src") or token.attrs.get("href") or "")
        if token.type.startswith("html"):
            yield f"HTML: {token.content}"
        elif not target.startswith("https://") and not (folder / target).is_file():
            yield f"{target} is neither an address nor a file"
    if (links := len(re.findall(r"arxiv\.org|hf\.co/papers/|huggingface\.co/papers/\d", page))) > (
        MOST_ARXIV_LINKS
    ):
        yield f"{links} links to papers, which the Hub makes tags of"
