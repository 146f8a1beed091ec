// Draws ECharts options as PNG without a browser: JSON lines {option, width, height, geo?} in, JSON lines {png} or {error} out.
// The font comes from a package: a fresh machine has no Chinese font and text would silently disappear.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import path from "node:path";
import "../static/ui/chart_core.js";

const require = createRequire(path.join(process.env.SHUANGKONG_NODE_MODULES, "x.js"));
const echarts = require("echarts");
const { Resvg } = require("@resvg/resvg-js");
const font = require.resolve("@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf");
const FAMILY = "Noto Sans SC";

// Paper is light: the tokens of the light theme. Patterns need a canvas, so a missing area is grey with its mark and name.
const css = readFileSync(new URL("../static/ui/tokens.css", import.meta.url), "utf8");
const light = Object.fromEntries([...css.slice(css.indexOf(":root"), css.indexOf("}", css.indexOf(":root"))).matchAll(/--sk-([\w-]+):\s*([^;]+);/g)].map((m) => [m[1], m[2].trim()]));
const look = {
  color(name) {
    if (!light[name]) throw new Error("unknown colour token " + name);
    return light[name];
  },
  hatch: () => light["grey-line"],
  font: FAMILY,
  narrow: false,
  unit: "",
};

function draw({ option, width, height, maps = {}, scale = 3 }) {
  for (const [name, geo] of Object.entries(maps)) echarts.registerMap(name, geo);
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    const drawn = globalThis.skCharts.resolve({ ...option, tooltip: undefined, aria: undefined }, look);
    chart.setOption({ ...drawn, animation: false, textStyle: { ...drawn.textStyle, fontFamily: FAMILY } });
    const svg = chart.renderToSVGString();
    const resvg = new Resvg(svg, {
      fitTo: { mode: "zoom", value: scale },
      background: "#ffffff",
      font: { fontFiles: [font], loadSystemFonts: false, defaultFontFamily: FAMILY },
    });
    return Buffer.from(resvg.render().asPng()).toString("base64");
  } finally {
    chart.dispose();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  if (!line.trim()) continue;
  try {
    console.log(JSON.stringify({ png: draw(JSON.parse(line)) }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error && error.message ? error.message : error) }));
  }
}
