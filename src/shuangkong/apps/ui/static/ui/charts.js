// Draws every [data-chart] of the page, again when the theme or the width changes.
(function () {
  "use strict";
  const maps = new Map();
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue("--sk-" + name).trim();
  function hatch() {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.fillStyle = token("map-na");
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = token("grey-fill");
    pen.beginPath();
    for (const at of [-4, 0, 4, 8]) { pen.moveTo(at, 8); pen.lineTo(at + 8, 0); }
    pen.stroke();
    return { image: tile, repeat: "repeat" };
  }
  async function map(name, address) {
    if (!maps.has(name)) maps.set(name, fetch(address, { credentials: "same-origin" }).then((answer) => { if (!answer.ok) throw new Error(answer.status); return answer.json(); }));
    echarts.registerMap(name, await maps.get(name));
  }
  function look(option) {
    return { color: token, hatch, font: getComputedStyle(document.body).fontFamily, narrow: innerWidth <= 820, unit: option.unit || "" };
  }
  async function draw(box) {
    const option = JSON.parse(document.getElementById(box.dataset.chart + "-option").textContent);
    const resolved = skCharts.resolve(option, look(option));
    delete resolved.unit;
    for (const series of resolved.series) if (series.type === "map") await map(series.map, box.dataset.map);
    const chart = echarts.getInstanceByDom(box) || echarts.init(box, null, { renderer: "canvas" });
    chart.setOption(resolved, true);
    if (!box.dataset.drawn) {
      box.dataset.drawn = "1";
      chart.on("click", (event) => open(event.data && event.data.address));
    }
  }
  function open(address) {
    if (!address) return;
    if (address.includes("/explain/") && window.skPanel) window.skPanel(address);
    else location.assign(address);
  }
  function failed(box) {
    box.classList.add("chart-failed");
    box.textContent = box.dataset.failed;
  }
  function drawAll() {
    for (const box of document.querySelectorAll("[data-chart]")) if (box.offsetWidth) draw(box).catch(() => failed(box));
  }
  let waiting = 0;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => { for (const box of document.querySelectorAll("[data-drawn]")) echarts.getInstanceByDom(box).resize(); }, 80); });
  new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
  document.addEventListener("htmx:afterSettle", drawAll);
  // 图 and 表格 take turns; without script the table stands under its own heading.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-chart-view]");
    if (!button) return;
    const figure = button.closest(".chart-box");
    const table = figure.classList.toggle("as-table");
    button.setAttribute("aria-pressed", String(table));
    drawAll();
  });
  if (document.fonts && document.fonts.ready) document.fonts.ready.then(drawAll); else drawAll();
})();
