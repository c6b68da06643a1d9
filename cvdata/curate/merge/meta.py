"""What sources say of themselves: licences as one list, and notes that differ kept beside those of the first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from ...dataset import Images, Ragged

__all__ = ["KEPT", "join_meta", "with_licences"]

KEPT = "merged"
"""Key of what other sources say otherwise: `[{"source": NAME, "info": {...}}, ...]`, where COCO files keep it, too."""

_LICENCES = "licenses"  # as COCO spells it
_TEXTS = ("info", _LICENCES)  # beside `coco` in the notes, but inside the same file

Ids = dict[int, int]


def join_meta(names: Sequence[str], metas: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], list[Ids], list[str]]:
    """Join the notes on several datasets; the first that says something counts.

    Returns:
        The notes; of each source, its licence ids that changed, old to new; and what differs, in words.
    """
    joined: dict[str, Any] = {}
    changed: list[Ids] = []
    differing: list[str] = []
    licences, ids = _join_licences([meta.get(_LICENCES) for meta in metas])
    if any(_LICENCES in meta and own is not None for meta, own in zip(metas, ids, strict=True)):
        joined[_LICENCES] = licences
    for name, meta, own in zip(names, metas, ids, strict=True):
        changed.append(own or {})
        for key, value in meta.items():
            if key == _LICENCES and own is not None:
                continue
            space = joined.setdefault(key, {}) if isinstance(value, dict) and key not in _TEXTS else None
            if isinstance(space, dict) and isinstance(value, dict):
                for inner, note in value.items():
                    _put(space, inner, note, name, joined, key, differing)
            else:
                _put(joined, key, value, name, joined, "coco", differing)
    return joined, changed, differing


def _put(
    space: dict[str, Any], key: str, value: Any, source: str, joined: dict[str, Any], home: str, differing: list[str]
) -> None:
    """Take a note, or keep it aside where there is another one."""
    if key == KEPT and isinstance(value, list):  # of an earlier merge
        space[KEPT] = [*space.get(KEPT, []), *(note for note in value if note not in space.get(KEPT, []))]
    elif key not in space or not _says(space[key]):
        space[key] = value
    elif _says(value) and value != space[key]:
        kept = joined.setdefault(home, {})
        if not isinstance(kept, dict):  # notes of a program of its own, in a place of ours
            kept = joined.setdefault(KEPT, {})
        note = {"source": source, key: value}
        kept[KEPT] = [*(other for other in kept.get(KEPT, []) if other != note), note]
        differing.append(f"{key} of {source}")


def _says(value: Any) -> bool:
    return any(map(_says, value.values())) if isinstance(value, dict) else value not in (None, "", [])


def _join_licences(lists: Sequence[Any]) -> tuple[list[Any], list[Ids | None]]:
    """Join lists of licences; equal ones are one, and one whose id is taken gets the next.

    Returns:
        The list; of each source, the ids that changed, or None where what it has is no list of licences.
    """
    joined: list[dict[str, Any]] = []
    changed: list[Ids | None] = []
    known: dict[bytes, int] = {}
    sound = [value for value in lists if _is_licences(value)]
    following = max((entry["id"] for value in sound for entry in value), default=0) + 1
    taken: set[int] = set()
    for value in lists:
        if value is not None and not _is_licences(value):
            changed.append(None)
            continue
        own: Ids = {}
        for entry in value or []:
            text = msgspec.json.encode({k: v for k, v in entry.items() if k != "id"}, order="sorted")
            if text not in known:
                number = entry["id"]
                if number in taken:
                    number, following = following, following + 1
                taken.add(number)
                known[text] = number
                joined.append({**entry, "id": number})
            if known[text] != entry["id"]:
                own[entry["id"]] = known[text]
        changed.append(own)
    return joined, changed


def _is_licences(value: Any) -> bool:
    """Tell whether this is a list of objects, each with a whole number of its own as id."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        return False
    ids = [entry.get("id") for entry in value]
    return all(type(one) is int for one in ids) and len(set(ids)) == len(ids)


def with_licences(images: Images, changed: Ids) -> Images:
    """Return the pictures with the licences that they name by a new id."""
    if not changed or images.extra is None:
        return images
    texts = [_relicensed(text, changed) if b'"license"' in text else text for text in images.extra.to_bytes()]
    return replace(images, extra=Ragged.texts(texts))


def _relicensed(text: bytes, changed: Ids) -> bytes:
    whole = json.loads(text)
    number = whole.get("license")
    if type(number) is not int or number not in changed:
        return text
    return json.dumps({**whole, "license": changed[number]}, ensure_ascii=False).encode()
