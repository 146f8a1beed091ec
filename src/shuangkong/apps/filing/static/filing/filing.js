// Filling in a form: the sheets of the page, the draft that saves itself, findings at their cells, two who edit at once, and submitting.
(function () {
  "use strict";
  const { show, change, slip, NUMERIC, unitOf } = window.skValues;
  const WAIT_MS = 900;
  const page = document.querySelector("[data-sheet-page]");
  const data = JSON.parse(document.getElementById("sheet-data").textContent);
  const KINDS = { blocks: "error", explain: "warning", notice: "notice" };
  const store = new window.skStore.Store({ form: data.definition, cells: data.cells, revision: data.revision, previous: data.previous.cells, year_ago: data.year_ago.cells });
  const sheets = new Map();
  const keep = "sk-draft-" + page.dataset.keep;
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]").value;
  let findings = kinds(data.findings), waiting = 0, saving = null, stopped = "", told = null;
  const pointed = new Set(data.returned ? data.returned.pointed : []), reading = !data.editable, find = (name, from = document) => from.querySelector(name);

  function node(tag, css, text) {
    const made = document.createElement(tag);
    if (css) made.className = css;
    if (text) made.textContent = text;
    return made;
  }
  function kinds(list) { return list.map((found) => ({ ...found, kind: KINDS[found.severity] || "notice" })); }
  const cardOf = (at) => find(`[data-table="${at.split(".")[0]}"]`);
  const sheetOf = (at) => sheets.get(at.split(".")[0]);
  const names = (at) => `${sheetOf(at).nameOf(at)} ${title(at)}`;
  function title(at) {
    const line = store.line(at), column = store.column(at);
    return `${line.title || "第 " + line.key.slice(1) + " 行"} · ${column.title}`;
  }

  // Findings that still stand: a required cell filled meanwhile, or an unreadable one mended, is no longer shown.
  function standing() {
    const own = Object.entries(store.problems).map(([at, { raw, problem, fix }]) => ({ kind: "error", addresses: [at], saw: `“${raw}”${problem}`, fix, own: true }));
    const others = findings.filter((found) => {
      if (found.check === "cell") return false;
      return found.check !== "required" || found.addresses.some((at) => store.shown(at) === undefined);
    });
    return [...own, ...others];
  }
  function marks() {
    const found = new Map(), css = { error: "sk-err", warning: "sk-wrn", notice: "sk-note" };
    for (const each of standing()) {
      const shape = each.kind === "warning" && each.explanation ? "sk-note" : css[each.kind];
      for (const at of each.addresses) if (!found.has(at) || shape === "sk-err") found.set(at, { css: shape, words: each.saw, finding: each });
    }
    return found;
  }
  let marked = marks();

  function extra(at) {
    if (pointed.has(at) || chosen.has(at)) return "sk-pointed";
    return Object.keys(data.before).length && store.kindAt(at) === "entry" && (data.before[at] || "") !== (store.cells[at] || "") ? "sk-changed" : "";
  }
  function active(at, name, sheet) {
    const card = sheet.host.closest("[data-table]"), column = store.column(at), entry = find("[data-entry]", card);
    find("[data-name]", card).textContent = name;
    find("[data-what]", card).textContent = title(at);
    if (document.activeElement !== entry) entry.value = store.shown(at) || "";
    entry.dataset.at = at;
    entry.disabled = reading || store.kindAt(at) !== "entry";
    entry.inputMode = NUMERIC.has(column.kind) ? "decimal" : "text";
    find("[data-earlier]", card).textContent = earlier(at, column);
    message(card, at);
  }
  function earlier(at, column) {
    if (!NUMERIC.has(column.kind)) return "";
    const unit = unitOf(column, store.line(at)), said = [];
    if (store.previous[at] !== undefined) said.push(`${data.words.previous} ${show(store.previous[at], column)}${unit}，${data.words.change} ${change(store.all[at], store.previous[at])}`);
    if (store.yearAgo[at] !== undefined && data.words.yearAgo !== data.words.previous) said.push(`${data.words.yearAgo} ${show(store.yearAgo[at], column)}`);
    if (at in data.before && (data.before[at] || "") !== (store.all[at] || "")) said.push(`上次报 ${show(data.before[at], column)}`);
    return said.join("；");
  }

  // The bar under the grid: what is wrong with this cell, and the fix as a button.
  function message(card, at) {
    const bar = find("[data-message]", card), mark = marked.get(at), sheet = sheetOf(at);
    bar.className = "cmsg";
    bar.replaceChildren();
    if (mark) {
      const found = mark.finding;
      bar.classList.add(found.kind === "error" ? "m-err" : found.kind === "warning" ? "m-wrn" : "m-note");
      bar.append(node("span", "st b " + (found.kind === "error" ? "st-1" : found.kind === "warning" ? "st-2" : "st-ex"), sheet.nameOf(at)));
      bar.append(node("span", "", [found.saw, found.why_odd, found.settle].filter(Boolean).join("；")));
      if (found.fix !== undefined && !reading) bar.append(fix(at, found.fix));
      if (points) bar.append(pointing(at));
      return;
    }
    const jump = sheet.jumps(at, store.column(at));
    if (jump) {
      bar.classList.add("m-wrn");
      bar.append(node("span", "st st-2 b", sheet.nameOf(at)), node("span", "", jump));
      const meant = slip(store.all[at], store.previous[at]);
      if (meant !== undefined && !reading && store.kindAt(at) === "entry") bar.append(node("span", "t2", "是不是单位填错了？"), fix(at, meant));
    } else if (told) bar.append(node("span", "t2", told));
    else bar.append(node("span", "t3", "没有发现问题"));
    if (points) bar.append(pointing(at));
  }
  // Who returns a form points at cells: the list goes with the reason.
  const points = find("[data-points]");
  const chosen = new Set();
  function pointing(at) {
    const button = node("button", "btn", chosen.has(at) ? "不再指向这格" : "指向这格");
    button.type = "button";
    button.addEventListener("click", () => {
      if (chosen.has(at)) chosen.delete(at);
      else chosen.add(at);
      find("[data-return]").open = true;
      points.replaceChildren(...[...chosen].map(point));
      draw();
    });
    return button;
  }
  function point(at) {
    const made = node("li", "row-f"), field = node("input"), drop = node("button", "btn btn-link", "去掉");
    field.type = "hidden";
    field.name = "pointed";
    field.value = at;
    drop.type = "button";
    drop.addEventListener("click", () => { chosen.delete(at); points.replaceChildren(...[...chosen].map(point)); draw(); });
    made.append(field, node("span", "s13", names(at)), drop);
    return made;
  }
  function fix(at, text) {
    const button = node("button", "btn", `改为 ${show(text, store.column(at))}`);
    button.type = "button";
    button.addEventListener("click", () => { sheetOf(at).enter({ [at]: text }); sheetOf(at).select(at); });
    return button;
  }

  function draw() {
    marked = marks();
    for (const sheet of sheets.values()) {
      sheet.refresh();
      const at = find("[data-entry]", sheet.host.closest("[data-table]")).dataset.at;
      if (at && store.line(at)) active(at, sheet.nameOf(at), sheet);
    }
    list();
    left();
  }
  function list() {
    const box = find("[data-findings]"), all = standing().sort((a, b) => order(a) - order(b)), focus = document.activeElement;
    if (focus && focus.closest && focus.closest("[data-findings] textarea")) return;
    box.replaceChildren(...all.map(item));
    if (!all.length) box.append(node("li", "fd t3 s13", reading ? "提交时没有疑问" : "没有发现问题"));
    const counts = find("[data-counts]"), errors = all.filter((each) => each.kind === "error").length, odd = all.filter((each) => each.kind === "warning").length;
    counts.replaceChildren(...[errors && node("span", "st st-1 s12", `错误 ${errors}`), odd && node("span", "st st-2 s12", `须说明 ${odd}`)].filter(Boolean));
  }
  const order = (found) => ({ error: 0, warning: found.explanation ? 2 : 1, notice: 3 })[found.kind];
  function item(found) {
    const made = node("li", "fd"), body = node("div", "m"), at = found.addresses[0];
    made.append(node("span", "st ico " + { error: "st-1", warning: "st-2", notice: "st-ex" }[found.kind], { error: "错误", warning: "须说明", notice: "提示" }[found.kind]));
    if (at && store.line(at) && sheetOf(at)) {
      const link = node("button", "btn btn-link", names(at));
      link.type = "button";
      link.addEventListener("click", () => sheetOf(at).select(at));
      body.append(link);
    }
    for (const words of [found.saw, found.why_odd, found.settle]) if (words) body.append(node("small", "blk", words));
    if (found.kind === "warning") body.append(explaining(found));
    made.append(body);
    return made;
  }
  function explaining(found) {
    if (reading) return node("small", "blk b", found.explanation ? `说明：${found.explanation}` : "未写说明");
    const box = node("textarea", "form-control");
    box.rows = 2;
    box.maxLength = 1000;
    box.placeholder = "核实后写明原因";
    box.setAttribute("aria-label", `说明：${found.saw}`);
    box.value = found.explanation;
    box.addEventListener("change", () => explain(found, box.value));
    return box;
  }
  function explain(found, words) {
    said[found.key] = words;
    return save();
  }

  // What is left before one may submit; the disabled button says it.
  function left() {
    const button = find("[data-submit-button]");
    if (!button) return;
    const all = standing(), errors = all.filter((each) => each.kind === "error").length;
    const open = all.filter((each) => each.kind === "warning" && !each.explanation).length;
    const unsaved = Object.keys(store.changes()).length + Object.keys(said).length, box = find("[data-left]");
    const empty = !Object.keys(store.typed()).length;
    const why = [empty && "至少填一格", errors && `改完 ${errors} 处错误`, open && `写完 ${open} 处说明`, unsaved && !stopped && "等草稿存好", stopped].filter(Boolean);
    button.disabled = why.length > 0;
    button.title = why.length ? why.join("、") + "后可提交" : "";
    box.replaceChildren(...[errors && node("span", "st st-1 b", `${errors} 处错误须改`), open && node("span", "st st-2", `${open} 处须说明未写`), empty && node("span", "st w-todo", "还没有填"), !why.length && node("span", "st st-3", "可以提交")].filter(Boolean));
  }
  function say(text) { const box = find("[data-saved]"); if (box) box.textContent = text; }

  let said = {}; // explanations that wait to be sent

  // The draft: a copy in this browser at once, the server soon after.
  function copy() {
    if (window.skSignedOut) return;
    try {
      if (Object.keys(store.changes()).length) localStorage.setItem(keep, JSON.stringify(store.copy()));
      else localStorage.removeItem(keep);
    } catch (error) { /* storage may be refused */ }
  }
  function later() {
    copy();
    clearTimeout(waiting);
    waiting = setTimeout(save, WAIT_MS);
  }
  async function ask(body) {
    try {
      return await fetch(page.dataset.cells, { method: "POST", credentials: "same-origin", keepalive: true, headers: { "Content-Type": "application/json", "X-CSRFToken": token() }, body: JSON.stringify(body) });
    } catch (error) {
      stopped = "连上服务器";
      say("连不上服务器，改动留在这台电脑上，稍后自动再存");
      waiting = setTimeout(save, WAIT_MS * 10);
      left();
      return null;
    }
  }
  function save() {
    clearTimeout(waiting);
    saving = (saving || Promise.resolve()).then(push, push);
    return saving;
  }
  async function push() {
    const cells = store.changes(), explanations = said, typed = store.typed();
    if (reading || !(Object.keys(cells).length || Object.keys(explanations).length)) return undefined;
    say("正在保存…");
    said = {};
    const answer = await ask({ revision: store.revision, cells, explanations });
    if (!answer) { said = { ...explanations, ...said }; return undefined; }
    if (!answer.ok && answer.status !== 409) said = { ...explanations, ...said };
    if (answer.redirected || answer.status === 401 || answer.status === 403) return signedOut();
    const got = await answer.json();
    if (answer.status === 409) { said = { ...explanations, ...said }; return overtaken(got); }
    if (!answer.ok) { stopped = got.what; say(`没有存上：${[got.what, got.why, got.do].filter(Boolean).join("；")}`); return left(); }
    return kept(typed, got);
  }
  async function kept(typed, got) {
    const alone = got.revision === store.revision + 1;
    stopped = "";
    store.saved(typed, got.revision);
    findings = kinds(got.findings);
    if (!alone) await catchUp();
    copy();
    say(`已自动保存 ${new Date().toTimeString().slice(0, 5)}`);
    draw();
  }
  // Somebody else saved in between: what stands on the server now is laid under what was changed here.
  async function catchUp() {
    const answer = await fetch(page.dataset.cells, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return [];
    const got = await answer.json();
    findings = kinds(got.findings);
    return store.meet({ cells: got.cells, revision: got.revision });
  }
  async function overtaken(got) {
    if (!got.theirs) { stopped = got.what; say([got.what, got.why, got.do].filter(Boolean).join("；")); return left(); }
    return conflict(await catchUp(), got.why || "");
  }
  function signedOut() {
    stopped = "重新登录";
    const box = find("[data-saved]"), link = node("a", "", "重新登录后接着填");
    link.href = page.dataset.login;
    box.replaceChildren(node("span", "st st-2", "登录已结束，改动留在这台电脑上。"), link);
    left();
  }
  // Both values of each cell, and the choice.
  function conflict(asked, why) {
    const box = find("[data-conflict]"), body = find("tbody", box);
    draw();
    if (!asked.length) return later();
    find("[data-conflict-who]", box).textContent = `${why || "另一个人刚刚保存过"}；其他格已合并。`;
    body.replaceChildren(...asked.map((each, index) => {
      const line = node("tr"), column = store.column(each.at);
      line.append(node("td", "", names(each.at)));
      for (const side of ["mine", "theirs"]) {
        const cell = node("td"), label = node("label", "row-f"), radio = node("input");
        radio.type = "radio";
        radio.name = "c" + index;
        radio.value = side;
        radio.checked = side === "mine";
        label.append(radio, node("span", "num", show(each[side], column) || "（空）"));
        cell.append(label);
        line.append(cell);
      }
      return line;
    }));
    const settle = () => {
      asked.forEach((each, index) => { if (find(`[name=c${index}]:checked`, body).value === "theirs") store.set(each.at, each.theirs); });
      store.refresh();
      box.close();
      draw();
      copy();
      if (Object.keys(store.changes()).length) save();
      else say("已采用对方的值");
    };
    find("[data-settle]", box).onclick = settle;
    find("[data-all-theirs]", box).onclick = () => { for (const radio of body.querySelectorAll("[value=theirs]")) radio.checked = true; settle(); };
    box.addEventListener("cancel", (event) => event.preventDefault());
    if (!box.open) box.showModal();
  }

  function edited(report) {
    told = null;
    if (report.refused && !reading) told = store.kindAt(report.refused) === "na" ? "这一格不适用，不用填" : "这一格自动计算，改上面的格";
    if (report.pasted) told = [`贴入 ${report.taken} 格`, report.unread && `${report.unread} 格读不出，已标红`, report.left && `${report.left} 格不适用或自动计算，未贴`, report.outside && `${report.outside} 格超出表外`].filter(Boolean).join("；");
    draw();
    if (!reading) later();
  }
  for (const card of document.querySelectorAll("[data-table]")) {
    const table = data.definition.tables.find((each) => each.key === card.dataset.table);
    const options = { store, table, readOnly: reading, jump: data.jump, words: data.words, mark: (at) => marked.get(at), extra, onEdit: edited, onActive: active };
    sheets.set(table.key, new window.skSheet.Sheet(find("[data-sheet]", card), options));
    const entry = find("[data-entry]", card), sheet = sheets.get(table.key);
    const put = () => { if (entry.dataset.at && entry.value !== (store.shown(entry.dataset.at) || "")) sheet.enter({ [entry.dataset.at]: entry.value }); };
    entry.addEventListener("change", put);
    entry.addEventListener("keydown", (event) => {
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.preventDefault();
      if (event.key === "Escape") entry.value = store.shown(entry.dataset.at) || "";
      else put();
      sheet.step(event.key === "Enter" ? "down" : "up");
      if (event.key === "Escape") sheet.step("down");
    });
    const add = find("[data-add-row]", card);
    if (add) add.addEventListener("click", () => { sheet.addRow(); sheet.select(`${table.key}.r${store.rows[table.key]}.${table.columns[0].key}`); });
  }
  window.skFiling = { store, sheets, data };
  if (reading) return draw();

  let copied = null;
  try { copied = JSON.parse(localStorage.getItem(keep)); } catch (error) { /* none */ }
  if (copied) {
    const asked = store.restore(copied);
    told = "已接上这台电脑上没存完的改动";
    if (asked.length) conflict(asked, "");
    later();
  }
  draw();
  const jump = find("[data-jump]");
  if (jump) {
    let next = 0;
    jump.addEventListener("click", () => { const list = [...pointed]; sheetOf(list[next % list.length]).select(list[next % list.length]); next += 1; });
  }
  find("[data-save]").addEventListener("click", save);
  find("[data-send]").addEventListener("submit", (event) => {
    if (!Object.keys(store.changes()).length) return;
    event.preventDefault();
    save().then(() => { if (!Object.keys(store.changes()).length) event.target.submit(); });
  });
  // Whoever signs out with changes that are still on their way sends them first; the copy in this browser goes with the sign-out.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-sign-out]") || event.target.dataset.sent || !Object.keys(store.changes()).length) return;
    event.preventDefault();
    event.target.dataset.sent = "yes";
    save().then(() => event.target.requestSubmit());
  }, true);
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
})();
