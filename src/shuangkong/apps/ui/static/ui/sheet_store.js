// The contents of a sheet while it is filled in: cells, what cannot be read, undo, what the server has, and what two people changed at once.
(function (root) {
  "use strict";
  const { read, compute, address, summed, applies } = root.skValues;
  const MAX_ROWS = 300;
  const ROW = /^r([1-9]\d*)$/;

  const blank = (key) => ({ key, title: "", code: "", level: 0, unit: "", sum_of: [], not_applicable: [] });

  class Store {
    // server: {form, cells, revision, previous, year_ago, findings}
    constructor(server) {
      this.form = server.form;
      this.previous = server.previous || {};
      this.yearAgo = server.year_ago || {};
      this.revision = server.revision;
      this.cells = {};
      this.problems = {}; // address -> {raw, problem, fix}
      this.past = [];
      this.future = [];
      this.places = new Map();
      for (const table of this.form.tables) for (const column of table.columns) this.places.set(table.key + "." + column.key, { table, column });
      this.rows = {};
      this.take(server.cells);
      this.base = this.typed();
      for (const table of this.form.tables) if (table.shape === "repeating") this.rows[table.key] = Math.max(1, this.filledRows(table));
      this.refresh();
    }
    filledRows(table) {
      let most = 0;
      for (const at of Object.keys(this.typed())) {
        const [key, line] = at.split(".");
        const match = ROW.exec(line);
        if (key === table.key && match) most = Math.max(most, Number(match[1]));
      }
      return most;
    }
    // What was typed, as the server keeps it: what cannot be read too.
    take(typed) {
      this.cells = {};
      this.problems = {};
      for (const [at, raw] of Object.entries(typed)) {
        const column = this.column(at), line = this.line(at);
        if (!column || !line) continue;
        const got = read(raw, column, line);
        this.put(at, got.problem ? { problem: { raw, ...got } } : { text: got.value });
      }
    }
    typed() {
      const all = { ...this.cells };
      for (const [at, { raw }] of Object.entries(this.problems)) all[at] = raw;
      return all;
    }
    refresh() { this.all = compute(this.form, this.cells); }
    lines(table) {
      if (table.shape !== "repeating") return table.lines;
      return Array.from({ length: this.rows[table.key] }, (_, index) => blank("r" + (index + 1)));
    }
    column(at) {
      const [table, , column] = at.split(".");
      const place = this.places.get(table + "." + column);
      return place && place.column;
    }
    table(at) { return this.form.tables.find((table) => table.key === at.split(".")[0]); }
    line(at) {
      const table = this.table(at), key = at.split(".")[1];
      if (table && table.shape === "repeating") return ROW.test(key) ? blank(key) : undefined;
      return table && table.lines.find((line) => line.key === key);
    }
    // entry, computed or na: what one may do with a cell.
    kind(line, column) {
      if (!applies(line, column)) return "na";
      return summed(line, column) ? "computed" : "entry";
    }
    kindAt(at) { return this.kind(this.line(at), this.column(at)); }
    shown(at) { return this.problems[at] ? this.problems[at].raw : this.all[at]; }

    // raw: {address: text as typed}. Answers with how many were taken, left out, and not readable.
    enter(raw, grown) {
      const steps = [], told = { taken: 0, left: 0, unread: 0 };
      for (const [at, text] of Object.entries(raw)) {
        if (this.kindAt(at) !== "entry") { told.left += 1; continue; }
        const got = read(text, this.column(at), this.line(at));
        const after = got.problem ? { problem: { raw: String(text), ...got } } : { text: got.value };
        told[got.problem ? "unread" : "taken"] += 1;
        steps.push({ at, before: this.state(at), after });
      }
      this.record(steps, grown);
      return told;
    }
    // A repeating table that has to hold ``count`` rows: it grows now, and shrinks again with the undo of what filled it.
    grow(table, count) {
      const before = this.rows[table.key], after = Math.min(count, MAX_ROWS);
      if (after <= before) return undefined;
      this.rows[table.key] = after;
      return { table: table.key, before, after };
    }
    state(at) { return this.problems[at] ? { problem: this.problems[at] } : { text: this.cells[at] || "" }; }
    put(at, { text, problem }) {
      delete this.problems[at];
      if (problem) { this.problems[at] = problem; delete this.cells[at]; }
      else if (text === "") delete this.cells[at];
      else this.cells[at] = text;
    }
    record(steps, rows) {
      const real = steps.filter((step) => JSON.stringify(step.before) !== JSON.stringify(step.after));
      if (!real.length && !rows) return;
      this.past.push({ steps: real, rows });
      this.future = [];
      this.apply({ steps: real, rows }, "after");
    }
    apply(act, side) {
      for (const step of act.steps) this.put(step.at, step[side]);
      if (act.rows) this.rows[act.rows.table] = act.rows[side];
      this.refresh();
    }
    undo() { return this.turn(this.past, this.future, "before"); }
    redo() { return this.turn(this.future, this.past, "after"); }
    turn(from, to, side) {
      const act = from.pop();
      if (!act) return null;
      to.push(act);
      this.apply(act, side);
      return act.steps.length ? act.steps[0].at : null;
    }
    addRow(table) { if (this.rows[table.key] < MAX_ROWS) this.record([], { table: table.key, before: this.rows[table.key], after: this.rows[table.key] + 1 }); }
    // Removing a row moves those below it up, so that the numbers stay r1, r2, …
    removeRow(table, number) {
      const last = this.rows[table.key], steps = [];
      for (let row = number; row <= last; row += 1) {
        for (const column of table.columns) {
          const at = address(table, "r" + row, column);
          const after = row < last ? this.state(address(table, "r" + (row + 1), column)) : { text: "" };
          steps.push({ at, before: this.state(at), after });
        }
      }
      this.record(steps, { table: table.key, before: last, after: Math.max(1, last - 1) });
    }

    // What differs from the server's last known cells: address -> text, "" where it was emptied.
    changes() {
      const changed = {}, typed = this.typed();
      for (const at of new Set([...Object.keys(typed), ...Object.keys(this.base)])) {
        if (typed[at] !== this.base[at]) changed[at] = typed[at] || "";
      }
      return changed;
    }
    saved(typed, revision) { this.base = typed; this.revision = revision; }
    // The server holds something newer. What only one side changed is taken; what both changed differently is asked: [{at, mine, theirs}].
    meet(server) {
      const mine = this.changes(), was = this.base, asked = [];
      this.take(server.cells);
      this.base = this.typed();
      this.revision = server.revision;
      for (const [at, text] of Object.entries(mine)) {
        const theirs = this.base[at] || "";
        if (theirs !== (was[at] || "") && theirs !== text) asked.push({ at, mine: text, theirs });
        this.set(at, text);
      }
      for (const table of this.form.tables) if (table.shape === "repeating") this.rows[table.key] = Math.max(this.rows[table.key], this.filledRows(table), 1);
      this.past = [];
      this.future = [];
      this.refresh();
      return asked;
    }
    set(at, text) {
      const got = read(text, this.column(at), this.line(at));
      this.put(at, got.problem ? { problem: { raw: text, ...got } } : { text: got.value });
    }
    // The copy kept in this browser until the server has it.
    copy() { return { revision: this.revision, base: this.base, typed: this.typed(), rows: this.rows }; }
    restore(copy) {
      const server = { cells: this.typed(), revision: this.revision };
      this.base = copy.base;
      this.take(copy.typed);
      for (const [key, count] of Object.entries(copy.rows || {})) if (key in this.rows) this.rows[key] = Math.max(this.rows[key], count);
      return this.meet(server);
    }
  }
  root.skStore = { Store };
})(globalThis);
