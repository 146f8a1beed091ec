"""Our ``extends``, ``block``, ``include`` and ``url`` give what Django's give, for plain templates and for those left to Django."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Engine, RequestContext, TemplateDoesNotExist, engines
from django.test import RequestFactory
from django.urls import resolve, set_script_prefix

TEMPLATES = {
    "root": "<{% block a %}root a{% endblock %}|{% if shown %}{% block b %}root b {{ word }}{% endblock %}{% endif %}|{{ word }}>",
    "middle": '{% extends "root" %}{% block a %}middle a {% block inner %}inner{% endblock %}{% endblock %}',
    "leaf": '{% extends "middle" %}{% block inner %}{% with word="own" %}{{ word }}{% endwith %}{% endblock %}{% block b %}b{% endblock %}',
    "sets": '{% extends "root" %}{% block a %}{% firstof "x" as word %}{{ word }}{% endblock %}',
    "super": '{% extends "middle" %}{% block a %}[{{ block.super }}]{% endblock %}',
    "over_super": '{% extends "super" %}{% block inner %}over{% endblock %}',
    "named": "{% extends parent %}{% block a %}named{% endblock %}",
    "over_named": '{% extends "named" %}{% block b %}over named{% endblock %}',
    "part": "({{ word }}{% firstof 'p' as left %}{{ left }})",
    "blocks": "{% block a %}of the part{% endblock %}",
    "cycles": "{% cycle 'x' 'y' %}",
    "includes": '{% extends "root" %}{% block a %}{% include "part" %}{{ left }}{% include "blocks" %}{% endblock %}',
    "with": '{% include "part" with word=other|upper %}{{ left }}{{ word }}',
    "only": '{% include "part" only %}{% include "part" with word="w" only %}',
    "variable": "{% include name %}",
    "loop": '{% for n in numbers %}{% include "cycles" %}{% include "part" with word=n %}{% endfor %}',
    "lone": "{% block a %}lone {{ word }}{% endblock %}{{ word }}",
    "escaped": '{% include "part" with word="<b>" %}{% include "part" with word=markup %}',
}
ADDRESSES = [
    '{% url "cockpit:counties" %}', "{% url 'cockpit:county' code %}", '{% url "cockpit:counties" as way %}[{{ way }}]', "{% url name %}",
]  # fmt: skip


def engine(**options: Any) -> Engine:
    """An engine of the templates above."""
    return Engine(loaders=[("django.template.loaders.locmem.Loader", TEMPLATES)], **options)


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("shown", [True, False])
def test_templates_say_what_they_say_with_djangos_tags(name: str, shown: bool) -> None:
    given = {"shown": shown, "word": "<w>", "other": "o", "parent": "middle", "name": "part", "numbers": [1, 2, 3], "markup": "<i>"}
    ours = engine(builtins=["shuangkong.apps.ui.layout_tags"]).get_template(name)
    expected = engine().get_template(name).render(Context(given))
    assert [ours.render(Context(given)) for _ in range(2)] == [expected, expected]


def test_our_tags_are_the_ones_that_pages_use() -> None:
    assert "shuangkong.apps.ui.layout_tags" in engines["django"].engine.builtins


def test_a_template_that_is_not_there_is_missed_each_time() -> None:
    template = engine(builtins=["shuangkong.apps.ui.layout_tags"]).from_string('{% include "absent" %}')
    for _ in range(2):
        with pytest.raises(TemplateDoesNotExist):
            template.render(Context())


@pytest.mark.parametrize("source", ADDRESSES)
def test_addresses_follow_the_prefix_of_the_installation(source: str) -> None:
    request = RequestFactory().get("/counties/")
    request.resolver_match = resolve("/counties/")
    plain = Engine()
    said = {}
    try:
        for prefix in ("/", "/energy/", "/"):
            set_script_prefix(prefix)
            context = {"code": "431002", "name": "cockpit:counties"}
            said[prefix] = [
                one.from_string(source).render(RequestContext(request, dict(context))) for one in (plain, engines["django"].engine)
            ]
    finally:
        set_script_prefix("/")
    assert all(djangos == ours for djangos, ours in said.values())
    assert "/energy/counties/" in said["/energy/"][1]
