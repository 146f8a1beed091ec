// What a cell of a sheet means: reading what people type or paste, showing it, and the sums. No page, no grid: shared with the tests.
// A cell is text: canonical decimal text without grouping, an ISO date, or words. Absent means not filled; "0" is a reported zero.
(function (root) {
  "use strict";
  const NUMERIC = new Set(["quantity", "integer", "ratio"]);
  const MINUS = "\u2212";
  const MAX_TEXT = 500, MAX_DIGITS = 15;

  // Exact decimals: an integer and how many of its digits stand behind the point.
  function parse(text) {
    const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
    if (!match) return null;
    const places = match[3] || "";
    return { n: BigInt(match[1] + match[2] + places), scale: places.length };
  }
  function align(a, b) {
    const scale = Math.max(a.scale, b.scale);
    return [a.n * 10n ** BigInt(scale - a.scale), b.n * 10n ** BigInt(scale - b.scale), scale];
  }
  function write({ n, scale }) {
    const digits = (n < 0n ? -n : n).toString().padStart(scale + 1, "0");
    const whole = digits.slice(0, digits.length - scale);
    const places = digits.slice(digits.length - scale).replace(/0+$/, "");
    const text = places ? whole + "." + places : whole;
    return n < 0n ? "-" + text : text;
  }
  function total(terms) {
    let sum = { n: 0n, scale: 0 };
    for (const [text, sign] of terms) {
      const value = text === undefined ? null : parse(text);
      if (!value) return undefined;
      const [a, b, scale] = align(sum, value);
      sum = { n: a + BigInt(sign) * b, scale };
    }
    return write(sum);
  }

  // Full-width digits and signs, the many dashes and blanks that come out of other programs.
  function plain(text) {
    return text.normalize("NFKC").replace(/[\u2010-\u2015\u2212\uFE63]/g, "-").replace(/[\u00A0\u2000-\u200B\u3000\uFEFF]/g, " ").trim();
  }
  function ungroup(text) {
    if (/^\d{1,3}(,\d{3})+(\.\d*)?$/.test(text) || /^\d{1,3}( \d{3})+(\.\d*)?$/.test(text)) return text.replace(/[, ]/g, "");
    return text;
  }
  function expand(text) {
    const match = /^(\d+)(?:\.(\d*))?[eE]([+-]?\d{1,2})$/.exec(text);
    if (!match) return text;
    const places = match[2] || "", shift = Number(match[3]) - places.length;
    const digits = match[1] + places;
    if (shift >= 0) return digits + "0".repeat(shift);
    const padded = digits.padStart(-shift + 1, "0");
    return padded.slice(0, shift) + "." + padded.slice(shift);
  }
  function tidy(negative, text) {
    const value = parse(text.replace(/^\./, "0.").replace(/\.$/, ""));
    if (!value) return null;
    return write({ n: negative ? -value.n : value.n, scale: value.scale });
  }
  function bare(text) {
    let rest = text, negative = false;
    const bracket = /^\((.+)\)$/.exec(rest);
    if (bracket) { negative = true; rest = bracket[1].trim(); }
    if (/^[-+]/.test(rest)) { negative = negative !== (rest[0] === "-"); rest = rest.slice(1).trim(); }
    return tidy(negative, expand(ungroup(rest)));
  }
  function percent(value) {
    const read = parse(value);
    return write({ n: read.n, scale: read.scale + 2 });
  }
  const fault = (problem, fix) => ({ problem, fix });

  const unitOf = (column, line) => (line && line.unit) || column.unit || "";
  function readNumber(text, column, unit) {
    let rest = text;
    const share = rest.endsWith("%");
    if (share) rest = rest.slice(0, -1).trim();
    else if (unit && unit !== "%" && rest.toLowerCase().endsWith(plain(unit).toLowerCase())) rest = rest.slice(0, -plain(unit).length).trim();
    if (/^[-/.]+$/.test(rest) || /^(无|没有|n\/?a)$/i.test(rest)) return fault("没有填就留空，确为零请填 0");
    const value = bare(rest);
    if (value === null) return unreadable(rest, unit);
    if (share && unit !== "%" && column.kind !== "ratio") return fault("这一列不是比率，不能带 %", value);
    return bounded(share && unit !== "%" ? percent(value) : value, column);
  }
  // The bounds of core.forms: digits, decimals, sign.
  function bounded(value, column) {
    const places = column.kind === "integer" ? 0 : column.decimals;
    const read = parse(value);
    if (value.replace("-", "").split(".")[0].length > MAX_DIGITS) return fault(`整数部分超过 ${MAX_DIGITS} 位，请核对数值与单位`);
    if (read.scale > places) return fault(places ? `小数多于 ${places} 位` : "这一列只能是整数", rounded(read, places));
    if (read.n < 0n && !column.signed) return fault("这一项不会小于零，请核对正负号", write({ n: -read.n, scale: read.scale }));
    return { value };
  }
  function rounded({ n, scale }, places) {
    const step = 10n ** BigInt(scale - places), up = n < 0n ? -n : n;
    const kept = (up * 2n + step) / (step * 2n);
    return write({ n: n < 0n ? -kept : kept, scale: places });
  }
  function unreadable(text, unit) {
    const comma = /^[\d,]+(\.\d+)?$/.test(text);
    if (comma) return fault("逗号不在千分位上，读不出是多少", bare(text.replace(/,/g, "")) || undefined);
    const inside = /-?[\d,]*\.?\d+/.exec(text);
    const found = inside ? bare(inside[0].replace(/,/g, "")) : null;
    return fault(found === null ? "不是数" : "数后面有别的字" + (unit ? `（单位是${unit}）` : ""), found === null ? undefined : found);
  }
  const days = (year, month) => [31, year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  function readDate(text) {
    const match = /^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$/.exec(text) || /^(\d{4})(\d{2})(\d{2})$/.exec(text);
    if (!match) return fault("不是日期，请写成 2025-07-22");
    const [year, month, day] = match.slice(1).map(Number);
    if (month < 1 || month > 12 || day < 1 || day > days(year, month)) return fault("没有这一天");
    return { value: `${match[1]}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}` };
  }
  function readChoice(text, column) {
    const found = column.choices.find((choice) => choice === text || plain(choice) === plain(text));
    return found === undefined ? fault("只能是：" + column.choices.join("、")) : { value: found };
  }
  // {value} as it is kept ("" for an emptied cell), or {problem, fix}: why it cannot be read, and what was probably meant.
  function read(raw, column, line) {
    const text = plain(String(raw));
    if (text === "") return { value: "" };
    if (NUMERIC.has(column.kind)) return readNumber(text, column, unitOf(column, line));
    if (column.kind === "date") return readDate(text);
    if (column.kind === "choice") return readChoice(String(raw).trim(), column);
    const words = String(raw).replace(/\r\n?/g, "\n").trim();
    return words.length > MAX_TEXT ? fault(`超过 ${MAX_TEXT} 字`) : { value: words };
  }

  // As a reader sees it: grouped, a true minus, two decimals or as many as were filed; what was filed is never rounded.
  function show(text, column) {
    if (text === undefined || text === "") return "";
    if (!NUMERIC.has(column.kind)) return text;
    const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
    if (!match) return text;
    const places = column.kind === "integer" ? match[3] || "" : (match[3] || "").padEnd(Math.min(column.decimals, 2), "0");
    const whole = match[2].replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    return (match[1] ? MINUS : "") + whole + (places ? "." + places : "");
  }

  // The change on an earlier value in tenths of a per cent, as a number; undefined without both or on zero.
  function tenths(now, before) {
    const a = now === undefined ? null : parse(now), b = before === undefined ? null : parse(before);
    if (!a || !b || b.n === 0n) return undefined;
    const [x, y] = align(a, b);
    const ground = y < 0n ? -y : y;
    const scaled = (x - y) * 1000n, up = scaled < 0n ? -scaled : scaled;
    const rounded = (up * 2n + ground) / (ground * 2n);
    return Number(scaled < 0n ? -rounded : rounded);
  }
  function change(now, before) {
    const value = tenths(now, before);
    if (value === undefined) return "—";
    const text = (Math.abs(value) / 10).toFixed(1).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    return value === 0 ? "0.0%" : (value > 0 ? "+" : MINUS) + text + "%";
  }
  // A factor of 1 000 or 10 000 against the earlier value is mostly the wrong unit: what it would be in the right one.
  function slip(now, before) {
    const a = now === undefined ? null : parse(now), b = before === undefined ? null : parse(before);
    if (!a || !b || a.n <= 0n || b.n <= 0n) return undefined;
    const [x, y] = align(a, b);
    for (const [factor, scale] of [[1000n, 3], [10000n, 4]]) {
      if (x * 5n >= y * factor * 4n && x * 5n <= y * factor * 6n) return write({ n: a.n, scale: a.scale + scale });
      if (y * 4n <= x * factor * 5n && y * 6n >= x * factor * 5n) return write({ n: a.n * factor, scale: a.scale });
    }
    return undefined;
  }

  // Text from a spreadsheet: rows by line, cells by tab, quotes around what holds either.
  function grid(text) {
    const rows = [[]];
    let at = 0;
    const source = text.replace(/\r\n?/g, "\n");
    while (at <= source.length) {
      let cell = "";
      if (source[at] === '"' && /^"(?:[^"]|"")*"(?:[\t\n]|$)/.test(source.slice(at))) {
        const quoted = /^"((?:[^"]|"")*)"/.exec(source.slice(at));
        cell = quoted[1].replace(/""/g, '"');
        at += quoted[0].length;
      } else {
        const end = source.slice(at).search(/[\t\n]/);
        cell = end < 0 ? source.slice(at) : source.slice(at, at + end);
        at += cell.length;
      }
      rows[rows.length - 1].push(cell);
      if (source[at] === "\n") rows.push([]);
      at += 1;
    }
    if (rows.length > 1 && rows[rows.length - 1].length === 1 && rows[rows.length - 1][0] === "") rows.pop();
    return rows;
  }
  const quote = (cell) => (/[\t\n"]/.test(cell) ? '"' + cell.replace(/"/g, '""') + '"' : cell);

  const letter = (index) => (index < 26 ? "" : letter(Math.floor(index / 26) - 1)) + String.fromCharCode(65 + (index % 26));
  const address = (table, line, column) => `${table.key}.${line}.${column.key}`;

  const summed = (line, column) => line.sum_of.length > 0 && NUMERIC.has(column.kind) && column.kind !== "ratio";
  const applies = (line, column) => !line.not_applicable.includes(column.key) && !(line.sum_of.length && !summed(line, column));

  // Sums of lines, exactly as core.forms.compute makes them: a sum with a missing part is absent, never zero.
  function compute(form, cells) {
    const found = { ...cells };
    for (const table of form.tables) {
      const lines = new Map(table.lines.map((line) => [line.key, line]));
      for (const line of table.lines) if (line.sum_of.length) for (const column of table.columns) delete found[address(table, line.key, column)];
      for (const column of table.columns) for (const line of table.lines) fill(table, lines, line, column, found);
    }
    return found;
  }
  function fill(table, lines, line, column, found) {
    const at = address(table, line.key, column);
    if (at in found || !summed(line, column) || !applies(line, column)) return found[at];
    const parts = line.sum_of.map(([key, sign]) => [lines.get(key), sign]).filter(([part]) => part && !part.not_applicable.includes(column.key));
    const sum = total(parts.map(([part, sign]) => [fill(table, lines, part, column, found), sign]));
    if (sum !== undefined) found[at] = sum;
    return sum;
  }

  root.skValues = { NUMERIC, unitOf, summed, applies, read, show, compute, change, tenths, slip, grid, quote, letter, address, total };
})(globalThis);
