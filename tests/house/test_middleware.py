"""What the project does to every request and answer."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/counties/%00/", "/accounts/login/?next=%00", "/accounts/login/?x=a%00b"])
def test_nul_in_an_address_is_a_bad_request_with_the_policy_on_it(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 400
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_other_odd_characters_pass(client: Client) -> None:
    assert client.get("/accounts/login/?x=%01%25%E9%83%B4").status_code == 200
