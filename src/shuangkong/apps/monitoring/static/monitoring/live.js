// Live pages: an element with data-live="address" listens; what changed is asked again by htmx (data-live-part) or drawn on (live_chart.js).
(function () {
  "use strict";
  const SLOW_MS = 60000;
  function start(box) {
    let known = box.dataset.liveState || "";
    let source = null;
    const sign = document.querySelector("[data-live-sign]");
    function say(state) { if (sign) sign.dataset.liveSign = state; }
    function refresh() {
      const part = box.dataset.livePart;
      if (part && window.htmx && document.querySelector(part)) htmx.ajax("GET", location.pathname + location.search, { target: part, select: part, swap: "outerHTML" });
    }
    function open() {
      const joint = box.dataset.live.includes("?") ? "&" : "?";
      source = new EventSource(box.dataset.live + (known ? joint + "known=" + encodeURIComponent(known) : ""));
      source.addEventListener("open", () => say("on"));
      source.addEventListener("state", (event) => { known = event.lastEventId; say("on"); refresh(); });
      source.addEventListener("values", (event) => { known = event.lastEventId; say("on"); document.dispatchEvent(new CustomEvent("sk:values", { detail: JSON.parse(event.data) })); });
      // CLOSED: the answer was no stream, so the session has ended or the page is gone; anything else the browser mends by itself.
      source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) say("off"); });
    }
    open();
    setInterval(() => { if (document.visibilityState === "visible") refresh(); }, SLOW_MS);
    // a page that nobody looks at holds no place
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") { source.close(); return; }
      if (source.readyState === EventSource.CLOSED) { open(); refresh(); }
    });
  }
  for (const box of document.querySelectorAll("[data-live]")) start(box);
})();
// A list that leads somewhere goes there.
document.addEventListener("change", (event) => { if (event.target.matches("select[data-go]")) location.assign(event.target.value); });
