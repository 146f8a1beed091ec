// Turns a chart option of Python (data only) into what ECharts draws. Shared by pages and by the drawing of documents:
// "@name" is a colour token, "@hatch" a pattern, "@font" the font, "fn:name" one of the functions below.
(function (root) {
  const MINUS = "\u2212";
  function number(value, places) {
    const text = Math.abs(value).toFixed(places).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    return value < 0 && Number(text.replace(/,/g, "")) !== 0 ? MINUS + text : text;
  }
  function row(tag, text, parts) {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    for (const part of parts || []) node.append(part);
    return node;
  }
  // A tooltip is built of nodes: markup in text would carry style attributes, which the content security policy refuses.
  function tip(places) {
    return function (points, look) {
      const list = (Array.isArray(points) ? points : [points]).filter((point) => !/^band-/.test(point.seriesId || ""));
      const box = row("div", "", [row("b", list[0].axisValueLabel || list[0].name)]);
      for (const point of list) {
        const value = point.value !== null && typeof point.value === "object" ? point.value.value : point.value;
        const known = value !== null && value !== undefined && !Number.isNaN(value) && value !== "-";
        box.append(row("div", "", [row("span", point.seriesIndex === undefined || /^series/.test(point.seriesName) ? "" : point.seriesName), row("em", known ? number(value, places) + look.unit : "缺报")]));
      }
      return box;
    };
  }
  // The civil time of a chart over time (its milliseconds are that time written as UTC).
  function moment(ms) {
    const text = new Date(ms).toISOString();
    return text.slice(5, 10) + " " + text.slice(11, text.slice(17, 19) === "00" ? 16 : 19);
  }
  function tipTime(places) {
    return function (points, look) {
      const list = Array.isArray(points) ? points : [points];
      const box = row("div", "", [row("b", moment(list[0].value[0]))]);
      for (const point of list) {
        const value = point.value[1];
        box.append(row("div", "", [row("span", point.seriesName), row("em", value === null || value === undefined ? "缺数" : number(value, places) + look.unit)]));
      }
      return box;
    };
  }
  const FUNCTIONS = {
    percent: () => (value) => number(value, Number.isInteger(value) ? 0 : 1) + "%",
    plain: () => (value) => number(value, Math.abs(value) >= 10 || Number.isInteger(value) ? 0 : 2),
    tipMap: () => (point) => row("div", "", [row("b", point.name), row("div", "", [row("span", point.data ? point.data.tip : "缺报")])]),
  };
  for (let places = 0; places <= 4; places += 1) FUNCTIONS["tip" + places] = (look) => { const make = tip(places); return (points) => make(points, look); };
  for (let places = 0; places <= 4; places += 1) FUNCTIONS["tipTime" + places] = (look) => { const make = tipTime(places); return (points) => make(points, look); };
  for (let step = 2; step <= 12; step += 1) FUNCTIONS["every" + step] = (look) => { const each = look.narrow ? step * 2 : step; return (index) => index % each === each - 1; };

  // look: {color(name), hatch(), font, narrow, unit}
  function resolve(node, look) {
    if (Array.isArray(node)) return node.map((item) => resolve(item, look));
    if (node !== null && typeof node === "object") return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, resolve(item, look)]));
    if (typeof node !== "string") return node;
    if (node === "@hatch") return look.hatch();
    if (node === "@font") return look.font;
    if (node.startsWith("@")) return look.color(node.slice(1));
    if (node.startsWith("fn:")) {
      if (!FUNCTIONS[node.slice(3)]) throw new Error("unknown formatter " + node);
      return FUNCTIONS[node.slice(3)](look);
    }
    return node;
  }
  root.skCharts = { resolve, number, FUNCTIONS };
})(globalThis);
