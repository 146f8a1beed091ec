// The review list: the bar says what is chosen and what cannot be accepted; J and K walk through the units.
(function () {
  "use strict";
  const form = document.querySelector("[data-bulk]");
  if (!form) return;
  const find = (name) => form.querySelector(name), boxes = [...form.querySelectorAll("[name=filing]")];
  const bar = { chosen: find("[data-bulk-chosen]"), cannot: find("[data-bulk-cannot]"), despite: find("[data-bulk-despite]"), accept: find("[data-bulk-accept]") };
  const idle = bar.chosen.textContent, words = bar.accept.textContent;
  function draw() {
    const chosen = boxes.filter((box) => box.checked), held = chosen.filter((box) => box.dataset.why);
    const reason = bar.despite.querySelector("input");
    for (const box of boxes) box.closest("tr").classList.toggle("on", box.checked);
    bar.chosen.textContent = chosen.length ? `已选 ${chosen.length} 份` : idle;
    bar.cannot.textContent = held.length ? `${held.length} 份不能通过：${held.slice(0, 3).map((box) => box.dataset.unit + box.dataset.why).join("、")}${held.length > 3 ? "等" : ""}` : "";
    bar.despite.hidden = !held.length;
    const able = reason.value.trim() && held.length ? chosen.length : chosen.length - held.length;
    bar.accept.disabled = able === 0;
    bar.accept.textContent = able ? `通过 ${able} 份` : words;
  }
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-bulk-all]")) for (const box of boxes) box.checked = event.target.checked && !box.dataset.why;
    draw();
  });
  form.addEventListener("input", draw);
  // A phone shows what waits for the reader; the whole list is for the desk.
  if (boxes.length) form.querySelector(".rv").classList.add("some-mine");
  const links = [...document.querySelectorAll("[data-review-row]")];
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey || !links.length) return;
    const step = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (!step) return;
    const at = links.indexOf(document.activeElement);
    links[Math.max(0, Math.min(links.length - 1, at + step))].focus();
  });
  draw();
})();
