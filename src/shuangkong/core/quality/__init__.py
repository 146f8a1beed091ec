"""Quality of telemetry as data: is a series complete, in time, valid, and does it look measured? A finding is a question, not a verdict.

:mod:`.readings` holds what a rule may look at, :mod:`.catalogue` what a rule is, the list of registered functions and the runner;
:mod:`.rates` completeness, timeliness and validity; the rest stands in :mod:`.steady`, :mod:`.drops`, :mod:`.copies`, :mod:`.bounds`,
:mod:`.flags`.
"""

from .catalogue import REGISTERED, Outcome, Ready, Rule, look, model_of, ready
from .findings import Finding, Saw, Severity
from .rates import Rates, Validity, rates
from .readings import Hour, Series

__all__ = [
    "REGISTERED", "Finding", "Hour", "Outcome", "Rates", "Ready", "Rule", "Saw", "Series", "Severity", "Validity", "look", "model_of",
    "rates", "ready",
]  # fmt: skip
