"""The scope rule: who may read what. The only one.

A model that holds anything readable uses :class:`ScopedManager` and states ``scope_q(user)``: the rows that ``user`` may see.
A read that names neither a user nor a reason is refused when it reaches the database.
"""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from django.db import models


class UnscopedRead(RuntimeError):
    """A read without a user and without a reason: a defect of the program, never of its user."""


class Reader(Protocol):
    """Whoever reads: a user."""

    is_authenticated: bool


class ScopedQuerySet(models.QuerySet):
    """A query set that reaches the database only after ``visible_to`` or ``unscoped``."""

    scoped: bool = False

    def _clone(self) -> ScopedQuerySet:
        clone = super()._clone()
        clone.scoped = self.scoped
        return clone

    def visible_to(self, user: Reader) -> ScopedQuerySet:
        """The rows that ``user`` may see; none for who is not signed in."""
        if not getattr(user, "is_authenticated", False):
            return self.unscoped("signed out").none()
        return self.unscoped("visible_to").filter(self.model.scope_q(user))

    def unscoped(self, reason: str) -> ScopedQuerySet:
        """All rows, for a stated ``reason`` that one can grep."""
        if not reason:
            raise UnscopedRead(f"{self.model.__name__}: unscoped() needs a reason")
        clone = self._chain()
        clone.scoped = True
        return clone

    def _require_scope(self) -> None:
        if not self.scoped:
            raise UnscopedRead(f"{self.model.__name__}: read without visible_to(user) or unscoped(reason)")

    def _fetch_all(self) -> None:
        self._require_scope()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Any:
        """Guarded."""
        self._require_scope()
        return super().iterator(*args, **kwargs)

    def count(self) -> int:
        """Guarded."""
        self._require_scope()
        return super().count()

    def exists(self) -> bool:
        """Guarded."""
        self._require_scope()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Guarded."""
        self._require_scope()
        return super().aggregate(*args, **kwargs)


class ScopedManager(models.Manager.from_queryset(ScopedQuerySet)):  # type: ignore[misc]
    """The default manager of scoped models."""


class Scoped(models.Model):
    """Base of models whose rows have an owner."""

    objects: ClassVar[ScopedManager] = ScopedManager()

    class Meta:
        abstract = True

    @classmethod
    def scope_q(cls, user: Any) -> models.Q:
        """The rows that ``user`` may see."""
        raise NotImplementedError(cls)
