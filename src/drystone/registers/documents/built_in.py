"""The texts that every school has ready (texts.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from drystone.registers.documents.audiences import roles_of
from drystone.registers.documents.models import Kind

TEXTS = Path(__file__).with_name("texts.yaml")
PUPIL_RECORDS, NETWORK_SECURITY, COORDINATOR = "pupil-records", "network-security", "co-ordinator"
ANSWER_FOR_POLICY = "answer-for-policy"


@dataclass(frozen=True, slots=True)
class Text:
    """What a version is made from."""

    title: str
    body: str
    why: str
    audience: tuple[str, ...]  # roles
    days: int

    def filled(self, **words: str) -> Text:
        return replace(self, title=self.title.format(**words), body=self.body.format(**words))


@dataclass(frozen=True, slots=True)
class BuiltIn:
    slug: str
    kind: Kind
    promises: tuple[str, ...]
    text: Text


@cache
def built_in() -> Mapping[str, BuiltIn]:
    said = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    return {slug: _read(slug, raw) for slug, raw in said.items()}


def _read(slug: str, raw: dict[str, object]) -> BuiltIn:
    text = Text(
        title=str(raw["title"]),
        body=str(raw["body"]).strip(),
        why=str(raw["why"]),
        audience=tuple(roles_of(raw["audience"])),  # type: ignore[arg-type]
        days=int(str(raw["days"])),
    )
    return BuiltIn(slug, Kind(str(raw["kind"])), tuple(raw["promises"]), text)  # type: ignore[arg-type]
