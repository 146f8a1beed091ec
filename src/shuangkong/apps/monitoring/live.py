"""Live pages: server-sent events out of a few places of the web server, none of which is held for long.

A stream looks once a second whether what it watches has changed, and ends after :data:`LIFE_S`; the browser opens the next by itself and
says what it knows already (``Last-Event-ID``). When all places are taken the answer is what has changed and an end: the browser asks again
after a pause. So a page is live for everybody, quickly for some and within seconds for the rest, and no crowd takes the threads of other
pages (docs/adr, live pages).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any, NamedTuple

from django.contrib.auth import get_user
from django.http import HttpRequest, StreamingHttpResponse

from shuangkong.apps.desk.services.exports import reach_of

#: How many streams may hold a thread of this process at once.
PLACES = 4
LIFE_S = 25.0
LOOK_S = 1.0
RETRY_MS = 1000
#: What a browser waits when no place was free.
CROWDED_RETRY_MS = 4000
SLEEP, CLOCK = time.sleep, time.monotonic
_places = BoundedSemaphore(PLACES)


class Event(NamedTuple):
    """What changed: ``id`` names the state that the page has then."""

    name: str
    id: str
    data: dict[str, Any]


#: (user, what the page knows, now) → what it should know, or None where nothing changed.
Look = Callable[[Any, str, datetime], Event | None]


@dataclass
class Stream:
    """One answer."""

    request: HttpRequest
    look: Look
    _held: bool = field(default=False, init=False)

    def events(self) -> Iterator[bytes]:
        """The lines of the stream. It ends with its time, or as soon as its reader has signed out or reaches something else."""
        known = (self.request.headers.get("Last-Event-ID") or self.request.GET.get("known", ""))[:64]
        try:
            yield f"retry: {RETRY_MS if self._held else CROWDED_RETRY_MS}\n\n".encode()
            began = CLOCK()
            while (reader := self._reader()) is not None:
                passed_s = CLOCK() - began
                event = self.look(reader, known, self.request.now + timedelta(seconds=passed_s))  # type: ignore[attr-defined]
                if event is not None:
                    known = event.id
                    yield as_text(event)
                if not self._held or passed_s >= LIFE_S:
                    return
                SLEEP(LOOK_S)
                # a reader who is gone is noticed by writing
                yield b":\n\n"
        finally:
            self.leave()

    def response(self) -> StreamingHttpResponse:
        """The answer; it takes a place if one is free and gives it back at its end."""
        self._held = _places.acquire(blocking=False)
        answer = _Answer(self.events(), content_type="text/event-stream; charset=utf-8")
        answer.leave = self.leave
        answer["Cache-Control"] = "no-store"
        answer["X-Accel-Buffering"] = "no"
        return answer

    def leave(self) -> None:
        """Gives the place back, once."""
        if self._held:
            self._held = False
            _places.release()

    def _reader(self) -> Any | None:
        """Who reads, as the session stands now; None when it was ended, or its person reaches something else."""
        now = HttpRequest()
        # a key that was read before is not asked again by the session that the request holds
        now.session = type(self.request.session)(self.request.session.session_key)
        user = get_user(now)
        if not user.is_authenticated or user.pk != self.request.user.pk:  # type: ignore[union-attr]
            return None
        return user if reach_of(user) == reach_of(self.request.user) else None


class _Answer(StreamingHttpResponse):
    """A stream gives its place back although nobody ever read it."""

    leave: Callable[[], None]

    def close(self) -> None:
        """Ends the stream."""
        super().close()
        self.leave()


def as_text(event: Event) -> bytes:
    """An event as the standard writes it."""
    return f"event: {event.name}\nid: {event.id}\ndata: {json.dumps(event.data, ensure_ascii=False)}\n\n".encode()
