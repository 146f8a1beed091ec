"""A browser signed in as a person, and what a person does at a sheet: look at a cell, type, paste."""

from __future__ import annotations

from typing import Any

from django.test import Client

PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""


def signed_in(page: Any, url: str, user: Any) -> Any:
    """The page, now of ``user``."""
    client = Client()
    client.force_login(user)
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])
    return page


def cell(page: Any, address: str) -> Any:
    """A cell of the sheet."""
    return page.locator(f'td[data-at="{address}"]')


def put(page: Any, address: str, text: str) -> None:
    """Type into a cell and leave it with Enter."""
    cell(page, address).click()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def paste(page: Any, address: str, text: str) -> None:
    """Paste from the cell on."""
    cell(page, address).click()
    page.evaluate(PASTE, text)


def saved(page: Any) -> None:
    """Wait until the draft is on the server."""
    page.wait_for_function("() => Object.keys(skFiling.store.changes()).length === 0", timeout=30_000)
    page.wait_for_function("() => document.querySelector('[data-saved]').textContent.includes('已自动保存')", timeout=30_000)
