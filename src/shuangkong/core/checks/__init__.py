"""Checks as data (真准全): is a return complete, is it accurate, is it true? A finding is a question, not a verdict.

:mod:`.catalogue` holds what a check is, the list of registered ones and the runner; :mod:`.expression` the language that a city writes its
own in; :mod:`.returns` what a check may look at. Complete: :mod:`.complete`. Accurate: :mod:`.accurate`. True: :mod:`.repeats`,
:mod:`.digits`, :mod:`.evenness`, :mod:`.thresholds`.
"""

from .catalogue import REGISTERED, Check, Outcome, model_of, run
from .expression import Expression, compiled
from .findings import Finding, Kind, Severity
from .returns import Group, Limit, Return

__all__ = [
    "REGISTERED", "Check", "Expression", "Finding", "Group", "Kind", "Limit", "Outcome", "Return", "Severity", "compiled",
    "model_of", "run",
]  # fmt: skip
