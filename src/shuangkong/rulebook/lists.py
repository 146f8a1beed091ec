"""Lists of words: products, sectors, industries, flows, releases, origins; found by code, label or alias."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from shuangkong.core.errors import InputError, RulebookError

from .yaml_text import read

_TERM_KEYS = {"label", "aliases", "evidence", "note"}


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a list: a code, the Chinese label, other ways of writing it, and what else the list says of it."""

    code: str
    label: str
    aliases: tuple[str, ...] = ()
    evidence: str = ""
    note: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> list[Any]:
        """For the hash."""
        return [self.code, self.label, *self.aliases, self.evidence, self.note, dict(self.extra)]


def squeezed(text: str) -> str:
    """How terms are compared: without blanks, half-width brackets, lower case."""
    return re.sub(r"\s", "", text).replace("（", "(").replace("）", ")").lower()


class Terms(Sequence[Term]):
    """A list in its order. ``kind`` is its Chinese name in messages (能源品种, 流向 …)."""

    def __init__(self, kind: str, terms: Sequence[Term], shown: str = "") -> None:
        self.kind = kind
        self._terms = tuple(terms)
        self._by_word: dict[str, Term] = {}
        for term in terms:
            for word in dict.fromkeys(map(squeezed, (term.code, term.label, *term.aliases))):
                if word in self._by_word:
                    raise RulebookError(f"“{word}”写了两次", where=f"{shown} {term.code}")
                self._by_word[word] = term

    def __getitem__(self, index: Any) -> Any:
        return self._terms[index]

    def __len__(self) -> int:
        return len(self._terms)

    def __iter__(self) -> Iterator[Term]:
        return iter(self._terms)

    def get(self, text: str) -> Term | None:
        """The term that ``text`` means; None for an unknown word."""
        return self._by_word.get(squeezed(text))

    def find(self, text: str, where: str = "") -> Term:
        """The term that ``text`` means.

        Raises:
            InputError: an unknown word; proposes the nearest.
        """
        term = self.get(text)
        if term is not None:
            return term
        near = get_close_matches(squeezed(text), self._by_word, n=3, cutoff=0.5)
        near += [word for word in self._by_word if len(text) > 1 and squeezed(text) in word]
        labels = list(dict.fromkeys(self._by_word[word].label for word in near))[:3]
        do = f"是否指 {'、'.join(labels)}？" if labels else f"用规则库中的{self.kind}名称或代码"
        raise InputError(f"不认识{self.kind}“{text}”", where=where, why=f"不在{self.kind}目录中", do=do)

    def codes(self) -> tuple[str, ...]:
        """All codes in order."""
        return tuple(term.code for term in self._terms)


def read_lists(folder: Path) -> dict[str, Terms]:
    """Every list in ``folder`` by the name of its file.

    Raises:
        RulebookError: a list is broken.
    """
    return {path.stem: _terms_of(path) for path in sorted(folder.glob("*.yaml"))}


def _terms_of(path: Path) -> Terms:
    shown = f"lists/{path.name}"
    content = read(path, shown)
    kind, terms = content.get("kind"), content.get("terms")
    if not kind or not isinstance(terms, dict):
        raise RulebookError("清单要有 kind 和 terms", where=shown)
    return Terms(kind, [_term(code, stated, shown) for code, stated in terms.items()], shown)


def _term(code: str, stated: Any, shown: str) -> Term:
    if isinstance(stated, str):
        return Term(code, stated)
    if not isinstance(stated, dict) or not stated.get("label"):
        raise RulebookError("缺少 label", where=f"{shown} {code}")
    extra = {key: value for key, value in stated.items() if key not in _TERM_KEYS}
    return Term(
        code,
        stated["label"],
        tuple(stated.get("aliases", ())),
        stated.get("evidence", ""),
        stated.get("note", ""),
        extra,
    )
