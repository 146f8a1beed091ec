// One table of a form as a spreadsheet: a plain table with role grid. It draws, moves, selects, edits, copies and pastes; what a cell means
// and what was done stands in sheet_values.js and sheet_store.js.
(function () {
  "use strict";
  const { NUMERIC, unitOf, show, change, tenths, grid, quote, letter, address } = window.skValues;
  const BESIDE = ["previous", "change", "yearAgo"];
  const STEPS = { up: [-1, 0], down: [1, 0], left: [0, -1], right: [0, 1] };
  const DIRECTIONS = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };

  function node(tag, css, text) {
    const made = document.createElement(tag);
    if (css) made.className = css;
    if (text) made.textContent = text;
    return made;
  }

  // options: {store, table, readOnly, jump, words: {previous, yearAgo, change}, mark(address), extra(address), onEdit(told), onActive(address, name, sheet)}
  class Sheet {
    constructor(host, options) {
      Object.assign(this, options);
      this.host = host;
      this.compared = this.table.columns.find((column) => NUMERIC.has(column.kind));
      this.columns = [...this.table.columns, ...(this.compared ? BESIDE.map((field) => ({ beside: field })) : [])];
      this.head = this.anchor = [0, 0]; // row and column of where one stands, and where the range began
      this.editing = null;
      this.build();
      const listen = { keydown: this.key, copy: this.copied, cut: this.cut, paste: this.pasted, click: this.clicked, dblclick: this.opened, mousedown: this.pressed, mouseover: this.dragged, focusin: this.entered };
      for (const [name, does] of Object.entries(listen)) host.addEventListener(name, (event) => does.call(this, event));
      document.addEventListener("mouseup", () => { this.dragging = false; });
    }

    build() {
      this.lines = this.store.lines(this.table);
      this.cells = this.lines.map(() => []);
      const grid = node("table", "sk-sheet");
      grid.setAttribute("role", "grid");
      grid.setAttribute("aria-label", this.table.title);
      if (this.readOnly) grid.setAttribute("aria-readonly", "true");
      const body = node("tbody");
      this.lines.forEach((line, row) => body.append(this.row(line, row)));
      grid.append(this.headings(), body);
      this.host.replaceChildren(grid);
      this.move(Math.min(this.head[0], this.lines.length - 1), this.head[1], { quiet: true });
    }
    headings() {
      const head = node("thead"), line = node("tr");
      const repeating = this.table.shape === "repeating";
      line.append(this.titled("sk-corner", "A", repeating ? "行" : "项目", ""));
      this.columns.forEach((column, col) => {
        if (!column.beside) return line.append(this.titled("k-" + column.kind, letter(col + 1), column.title, unitOf(column), column));
        const cell = this.titled("sk-beside" + (column.beside === BESIDE[0] ? " sk-first" : ""), letter(col + 1), this.words[column.beside], this.compared.title);
        cell.querySelector("small").classList.add("sk-compared");
        line.append(cell);
      });
      head.append(line);
      return head;
    }
    titled(css, mark, title, under, column) {
      const cell = node("th", css), box = node("div", "sk-title");
      cell.scope = "col";
      const name = node("b", "", title);
      if (column && column.required) { const star = node("em", "", "*"); star.title = "必填"; name.append(star); }
      if (column && column.hint) cell.title = column.hint;
      box.append(node("i", "", mark), name, node("small", "", under));
      cell.append(box);
      return cell;
    }
    row(line, row) {
      const made = node("tr", line.sum_of.length ? "sk-sum" : "");
      made.append(this.lineName(line, row));
      this.columns.forEach((column, col) => {
        const cell = node("td", column.beside ? "sk-n sk-beside" + (column.beside === BESIDE[0] ? " sk-first" : "") : NUMERIC.has(column.kind) ? "sk-n" : "sk-t");
        cell.tabIndex = -1;
        cell.setAttribute("role", "gridcell");
        cell.dataset.row = row;
        cell.dataset.col = col;
        if (!column.beside) cell.dataset.at = address(this.table, line.key, column);
        this.cells[row][col] = cell;
        this.paint(cell, line, column);
        made.append(cell);
      });
      return made;
    }
    lineName(line, row) {
      const cell = node("th", "sk-line"), box = node("div", "sk-line-name level-" + Math.min(line.level || 0, 3));
      cell.scope = "row";
      box.append(node("i", "", String(row + 1)));
      if (this.table.shape === "repeating") this.rowTools(box, row + 1);
      else {
        box.append(node("span", "", line.title));
        box.lastChild.title = line.title;
        if (line.unit) box.append(node("small", "u", line.unit));
      }
      cell.append(box);
      return cell;
    }
    rowTools(box, number) {
      box.append(node("span", "", `第 ${number} 行`));
      if (this.readOnly) return;
      const button = node("button", "sk-drop", "删除");
      button.type = "button";
      button.dataset.drop = String(number);
      button.setAttribute("aria-label", `删除第 ${number} 行`);
      box.append(button);
    }

    paint(cell, line, column) {
      const face = column.beside ? this.earlier(line, column.beside) : this.face(line, column);
      const sign = face.css.join(" ") + "|" + face.text + "|" + (face.words || "");
      if (cell.skSign === sign || this.editing === cell) return;
      cell.skSign = sign;
      cell.classList.remove(...(cell.skCss || []));
      cell.skCss = face.css.filter(Boolean);
      cell.classList.add(...cell.skCss);
      cell.textContent = face.text;
      if (face.words) cell.title = face.words;
      else cell.removeAttribute("title");
      if (face.invalid) cell.setAttribute("aria-invalid", "true");
      else cell.removeAttribute("aria-invalid");
    }
    face(line, column) {
      const at = address(this.table, line.key, column), kind = this.store.kind(line, column);
      const css = ["sk-" + kind];
      if (kind === "na") return { text: "", css, words: "不适用" };
      const mark = this.mark(at) || {}, jump = this.jumps(at, column);
      css.push(mark.css, jump ? "sk-jump" : "", this.extra ? this.extra(at) : "");
      const now = this.store.all[at], problem = this.store.problems[at];
      const words = [mark.words, jump].filter(Boolean).join("；");
      const text = problem ? problem.raw : show(now, column);
      return { text: kind === "computed" && now === undefined ? "—" : text, css, words, invalid: mark.css === "sk-err" };
    }
    // 环比 +42.0%，超出 ±30%, or nothing.
    jumps(at, column) {
      const moved = NUMERIC.has(column.kind) ? tenths(this.store.all[at], this.store.previous[at]) : undefined;
      if (moved === undefined || Math.abs(moved) <= this.jump * 10) return "";
      return `${this.words.change} ${change(this.store.all[at], this.store.previous[at])}，超出 ±${this.jump}%`;
    }
    earlier(line, field) {
      const column = this.compared, at = address(this.table, line.key, column);
      if (this.store.kind(line, column) === "na") return { text: "", css: ["sk-na"], words: "不适用" };
      const text = field === "previous" ? show(this.store.previous[at], column) : field === "yearAgo" ? show(this.store.yearAgo[at], column) : change(this.store.all[at], this.store.previous[at]);
      return { text: text || "—", css: ["sk-computed", field === "change" && this.jumps(at, column) ? "sk-far" : ""] };
    }
    refresh() {
      if (this.store.lines(this.table).length !== this.lines.length) return this.build();
      this.lines.forEach((line, row) => this.columns.forEach((column, col) => this.paint(this.cells[row][col], line, column)));
    }

    // Where one stands: one cell has the focus, a range reaches from the anchor to it.
    active() { return this.cells[this.head[0]] && this.cells[this.head[0]][this.head[1]]; }
    activeAt() { return this.active() ? this.active().dataset.at : undefined; }
    block() {
      const last = this.table.columns.length - 1;
      const [top, bottom] = [this.anchor[0], this.head[0]].sort((a, b) => a - b), [left, right] = [this.anchor[1], this.head[1]].sort((a, b) => a - b);
      return { top, bottom, left: Math.min(left, last + 1), right: Math.min(right, last) };
    }
    move(row, col, { extend = false, focus = false, quiet = false } = {}) {
      if (!this.lines.length) return;
      this.head = [Math.max(0, Math.min(row, this.lines.length - 1)), Math.max(0, Math.min(col, this.columns.length - 1))];
      if (!extend) this.anchor = this.head;
      this.draw();
      if (focus) this.active().focus({ preventScroll: true });
      if (!quiet) { this.reveal(); this.tell(); }
    }
    draw() {
      for (const cell of this.lit || []) { cell.classList.remove("sk-in", "sk-active"); cell.tabIndex = -1; }
      this.lit = [];
      const { top, bottom, left, right } = this.block();
      for (let row = top; row <= bottom; row += 1) for (let col = left; col <= right; col += 1) this.lit.push(this.cells[row][col]);
      if (this.lit.length > 1) for (const cell of this.lit) cell.classList.add("sk-in");
      this.lit.push(this.active());
      this.active().classList.add("sk-active");
      this.active().tabIndex = 0;
    }
    // The frozen head and first column do not cover the cell.
    reveal() {
      const box = this.host, cell = this.active(), frozen = this.host.querySelector(".sk-corner");
      const [at, view] = [cell.getBoundingClientRect(), box.getBoundingClientRect()];
      const left = view.left + frozen.offsetWidth, top = view.top + frozen.offsetHeight;
      if (at.left < left) box.scrollLeft -= left - at.left;
      else if (at.right > view.left + box.clientWidth) box.scrollLeft += at.right - view.left - box.clientWidth;
      if (at.top < top) box.scrollTop -= top - at.top;
      else if (at.bottom > view.top + box.clientHeight) box.scrollTop += at.bottom - view.top - box.clientHeight;
    }
    tell() {
      const column = this.columns[this.head[1]], line = this.lines[this.head[0]];
      if (!column.beside && NUMERIC.has(column.kind) && column !== this.compared) this.compare(column);
      this.onActive(column.beside ? address(this.table, line.key, this.compared) : this.activeAt(), letter(this.head[1] + 1) + (this.head[0] + 1), this);
    }
    compare(column) {
      this.compared = column;
      for (const small of this.host.querySelectorAll(".sk-compared")) small.textContent = column.title;
      this.refresh();
    }
    find(at) {
      const [, key, field] = at.split(".");
      return [this.lines.findIndex((line) => line.key === key), this.table.columns.findIndex((column) => column.key === field)];
    }
    nameOf(at) { const [row, col] = this.find(at); return letter(col + 1) + (row + 1); }
    select(at, focus = true) {
      const [row, col] = this.find(at);
      if (row < 0 || col < 0) return;
      this.move(row, col, { focus });
      if (focus) this.host.scrollIntoView({ block: "nearest" });
    }
    step(direction, extend, far) {
      const [down, right] = STEPS[direction];
      const reach = far ? Math.max(this.lines.length, this.columns.length) : 1;
      this.move(this.head[0] + down * reach, this.head[1] + right * reach, { extend, focus: true });
    }
    place(cell) { const [row, col] = cell ? [Number(cell.dataset.row), Number(cell.dataset.col)] : [-1, -1]; return { row, col, line: this.lines[row], column: this.columns[col] }; }
    enterable(cell) {
      const { line, column } = this.place(cell);
      return !this.readOnly && Boolean(line) && !column.beside && this.store.kind(line, column) === "entry";
    }
    entered(event) {
      const cell = event.target.closest("td");
      if (cell && cell === event.target && cell !== this.active()) { const { row, col } = this.place(cell); this.move(row, col); }
      else if (cell) this.tell();
    }
    pressed(event) {
      const cell = event.target.closest("td");
      if (!cell || event.button !== 0 || event.target !== cell) return;
      event.preventDefault();
      if (this.editing) this.editing.querySelector("input, select").blur();
      const { row, col } = this.place(cell);
      this.dragging = true;
      this.move(row, col, { extend: event.shiftKey, focus: true });
    }
    dragged(event) {
      const cell = this.dragging && event.buttons === 1 ? event.target.closest("td") : null;
      if (cell && cell !== this.active()) { const { row, col } = this.place(cell); this.move(row, col, { extend: true }); }
    }
    opened(event) { if (event.target.closest("td") && !this.editing) this.edit(null); }

    // Keys. While a cell is being edited its own editor listens.
    key(event) {
      if (event.target.closest("input, select, textarea, button") || !this.lines.length) return;
      if (this.command(event) || this.walk(event)) { event.preventDefault(); event.stopPropagation(); }
      else this.typing(event);
    }
    command(event) {
      const held = event.ctrlKey || event.metaKey, word = event.key.toLowerCase();
      if (held && word === "z") return this.turn(event.shiftKey ? "redo" : "undo");
      if (held && word === "y") return this.turn("redo");
      if (held && word === "a") return this.all();
      if (held || event.altKey) return false;
      if (event.key === "F2") return this.edit(null);
      if (event.key === "Delete" || event.key === "Backspace") return this.clear();
      if (event.key === "Escape") { this.anchor = this.head; this.draw(); return true; }
      return false;
    }
    walk(event) {
      const far = event.ctrlKey || event.metaKey;
      if (event.key === "Home" || event.key === "End") { this.step(event.key === "Home" ? "left" : "right", event.shiftKey, true); return true; }
      if (event.key === "Enter") { this.step(event.shiftKey ? "up" : "down"); return true; }
      if (event.key === "Tab") return this.tab(event.shiftKey);
      if (!DIRECTIONS[event.key] || event.altKey) return false;
      this.step(DIRECTIONS[event.key], event.shiftKey, far);
      return true;
    }
    // From the last cell Tab leaves the table.
    tab(back) {
      const [row, col] = this.head, last = this.table.columns.length - 1;
      const next = back ? (col > 0 ? [row, col - 1] : [row - 1, last]) : col < last ? [row, col + 1] : [row + 1, 0];
      if (next[0] < 0 || next[0] >= this.lines.length) return false;
      this.move(next[0], next[1], { focus: true });
      return true;
    }
    // A first letter, or the first key of an input method (229), opens the editor before the browser delivers the character to it.
    typing(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key.length === 1 || event.keyCode === 229 || event.key === "Process") this.edit("");
    }
    turn(verb) {
      const at = this.store[verb]();
      this.onEdit({ verb });
      if (at && at.split(".")[0] === this.table.key) this.select(at);
      else if (this.active()) this.active().focus();
      return true;
    }
    all() {
      this.anchor = [0, 0];
      this.move(this.lines.length - 1, this.table.columns.length - 1, { extend: true, quiet: true });
      return true;
    }
    edit(seed) {
      const cell = this.active();
      if (!this.enterable(cell)) { this.onEdit({ refused: this.activeAt() }); return true; }
      const { column } = this.place(cell), typed = seed !== null, box = this.control(column, typed ? seed : this.store.shown(cell.dataset.at) || "");
      this.editing = cell;
      cell.classList.add("sk-editing");
      cell.replaceChildren(box);
      box.focus();
      if (!typed && box.select) box.select();
      this.listen(cell, box, typed);
      return true;
    }
    listen(cell, box, typed) {
      const finish = (keep, direction) => {
        if (this.editing !== cell) return;
        this.editing = null;
        cell.classList.remove("sk-editing");
        cell.skSign = null;
        if (keep) this.enter({ [cell.dataset.at]: box.value });
        else this.refresh();
        if (direction) this.step(direction);
      };
      box.addEventListener("blur", () => finish(true));
      box.addEventListener("keydown", (event) => this.inside(event, box, typed, finish));
    }
    control(column, value) {
      const box = document.createElement(column.kind === "choice" ? "select" : "input");
      if (column.kind === "choice") for (const choice of ["", ...column.choices]) box.append(new Option(choice, choice));
      else { box.type = "text"; box.autocomplete = "off"; if (NUMERIC.has(column.kind)) box.inputMode = "decimal"; }
      box.value = value;
      box.setAttribute("aria-label", column.title);
      return box;
    }
    inside(event, box, typed, finish) {
      event.stopPropagation();
      if (event.isComposing || event.keyCode === 229) return;
      const keys = { Enter: event.shiftKey ? "up" : "down", Tab: event.shiftKey ? "left" : "right", ...(typed && box.tagName !== "SELECT" ? DIRECTIONS : {}) };
      if (event.key === "Escape") { finish(false); this.active().focus(); }
      else if (keys[event.key]) finish(true, keys[event.key]);
      else return;
      event.preventDefault();
    }
    enter(raw) {
      const told = this.store.enter(raw);
      this.onEdit(told);
      return told;
    }

    // Ranges: clear, copy, paste.
    clear() {
      if (this.readOnly) return false;
      const { top, bottom, left, right } = this.block(), raw = {};
      for (let row = top; row <= bottom; row += 1) for (let col = left; col <= right; col += 1) if (this.enterable(this.cells[row][col])) raw[this.cells[row][col].dataset.at] = "";
      this.enter(raw);
      return true;
    }
    copied(event) {
      if (event.target.closest("input, select, textarea")) return false;
      const { top, bottom, left, right } = this.block(), rows = [];
      for (let row = top; row <= bottom; row += 1) rows.push(this.columns.slice(left, right + 1).map((column) => quote(this.outward(this.lines[row], column))).join("\t"));
      event.clipboardData.setData("text/plain", rows.join("\n"));
      event.preventDefault();
      return true;
    }
    cut(event) { if (this.copied(event)) this.clear(); }
    // Words that a spreadsheet would take for a formula go out as words.
    outward(line, column) {
      const text = this.store.shown(address(this.table, line.key, column)) || "";
      return !NUMERIC.has(column.kind) && /^[=+\-@\t]/.test(text) ? "'" + text : text;
    }
    pasted(event) {
      if (event.target.closest("input, select, textarea") || this.readOnly) return;
      event.preventDefault();
      this.fill(grid(event.clipboardData.getData("text/plain")));
    }
    // From the top left cell of the range; one value fills the whole range; a repeating table grows.
    fill(rows) {
      const block = this.block(), one = rows.length === 1 && rows[0].length === 1;
      const height = one ? block.bottom - block.top + 1 : rows.length, width = one ? block.right - block.left + 1 : Math.max(...rows.map((row) => row.length));
      const grown = this.table.shape === "repeating" ? this.store.grow(this.table, block.top + height) : undefined;
      const lines = this.store.lines(this.table), raw = {};
      let outside = 0;
      for (let down = 0; down < height; down += 1) {
        for (let right = 0; right < width; right += 1) {
          const line = lines[block.top + down], column = this.table.columns[block.left + right], text = one ? rows[0][0] : rows[down][right];
          if (line && column && text !== undefined) raw[address(this.table, line.key, column)] = text;
          else if (text) outside += 1;
        }
      }
      const told = this.store.enter(raw, grown);
      this.onEdit({ ...told, pasted: true, outside });
      this.anchor = [block.top, block.left];
      this.move(Math.min(block.top + height, lines.length) - 1, Math.min(block.left + width, this.table.columns.length) - 1, { extend: true, focus: true });
    }
    clicked(event) {
      const drop = event.target.closest("[data-drop]");
      if (!drop) return;
      this.store.removeRow(this.table, Number(drop.dataset.drop));
      this.onEdit({ verb: "row" });
    }
    addRow() {
      this.store.addRow(this.table);
      this.onEdit({ verb: "row" });
    }
  }
  window.skSheet = { Sheet };
})();
