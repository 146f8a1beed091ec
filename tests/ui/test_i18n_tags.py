"""Our ``translate`` says what Django's says: literals, percent signs, markup, variables, names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.template import Context, Engine, engines
from django.utils import translation

from shuangkong.apps.ui import words

SOURCES = [
    '{% translate "待办" %}', "{% translate '完成100%' %}", '{% translate "a <b>&amp;</b>" %}', '{% trans "Password" %}',
    '{% translate "" %}',
    "{% translate word %}", '{% translate "x"|upper %}', '{% translate "待办" as said %}[{{ said }}]', '{% translate "x" noop %}',
    "{% blocktranslate %}{{ word }}件{% endblocktranslate %}", "{% blocktranslate %}a 100% {{ absent }}{% endblocktranslate %}",
    "{% blocktranslate with n=3 word='x' %}{{ n }} {{ word }}{% endblocktranslate %}",
    "{% blocktranslate %}Password{% endblocktranslate %}",
    "{% blocktranslate trimmed %}\n a\n b {{ word }}\n{% endblocktranslate %}",
    "{% blocktranslate asvar said %}{{ word }}{% endblocktranslate %}[{{ said }}]",
    "{% blocktranslate count n=2 %}one{% plural %}{{ n }} many{% endblocktranslate %}",
]  # fmt: skip


@pytest.fixture(autouse=True)
def two_languages(settings: Any) -> Iterator[None]:
    """An installation that also speaks English."""
    settings.LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
    words.only_language.cache_clear()
    yield
    words.only_language.cache_clear()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_it_says_what_django_says(source: str, language: str) -> None:
    ours = engines["django"].engine
    djangos = Engine(libraries={"i18n": "django.templatetags.i18n"})
    with translation.override(language):
        said = [engine.from_string("{% load i18n %}" + source).render(Context({"word": "<Password>"})) for engine in (djangos, ours)]
    assert said[0] == said[1]


def test_a_literal_follows_the_language() -> None:
    template = engines["django"].engine.from_string('{% load i18n %}{% translate "Password" %}')
    said = []
    for language in ("en", "zh-hans"):
        with translation.override(language):
            said.append(template.render(Context()))
    assert said == ["Password", "密码"]


def test_a_word_follows_the_language_and_a_lazy_one_the_reader() -> None:
    lazy = words.said_lazy("Password")
    said = []
    for language in ("en", "zh-hans", "en"):
        with translation.override(language):
            said.append((words.said("Password"), str(lazy), words.language()))
    assert said == [("Password", "Password", "en"), ("密码", "密码", "zh-hans"), ("Password", "Password", "en")]


def test_an_installation_of_one_language_has_no_other(settings: Any) -> None:
    settings.LANGUAGES = [("zh-hans", "中文")]
    words.only_language.cache_clear()
    with translation.override("en"):
        assert words.language() == "zh-hans"
