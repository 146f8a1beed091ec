// Draws on: new real-time values join the chart, and the window moves with them.
(function () {
  "use strict";
  const box = document.querySelector('[data-chart="series"]');
  document.addEventListener("sk:values", (event) => {
    const chart = box && window.echarts && echarts.getInstanceByDom(box);
    const fresh = event.detail.values || [];
    if (!chart || !fresh.length) return;
    const option = chart.getOption();
    const line = option.series.find((series) => series.id === "values");
    const known = new Set(line.data.map((point) => point[0]));
    const data = line.data.concat(fresh.filter((point) => !known.has(point[0]))).sort((a, b) => a[0] - b[0]);
    const last = data[data.length - 1][0];
    const axis = option.xAxis[0];
    const shift = Math.max(0, last - axis.max);
    chart.setOption({ xAxis: { min: axis.min + shift, max: axis.max + shift }, series: [{ id: "values", data: data.filter((point) => point[0] >= axis.min + shift) }] });
  });
})();
