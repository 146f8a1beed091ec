// Draws ECharts options as PNG without a browser: JSON lines {option, width, height, geo?} in, JSON lines {png} or {error} out.
// The font comes from a package: a fresh machine has no Chinese font and text would silently disappear.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import path from "node:path";

const require = createRequire(path.join(process.env.SHUANGKONG_NODE_MODULES, "x.js"));
const echarts = require("echarts");
const { Resvg } = require("@resvg/resvg-js");
const font = require.resolve("@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf");
const FAMILY = "Noto Sans SC";

function draw({ option, width, height, maps = {}, scale = 3 }) {
  for (const [name, geo] of Object.entries(maps)) echarts.registerMap(name, geo);
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption({ ...option, animation: false, textStyle: { ...option.textStyle, fontFamily: FAMILY } });
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
