// A block of a spreadsheet pasted into a table of inputs (.entry-grid): cell by cell from the input one is in, with rows added as needed.
// Numbers are read as the filing sheet reads them; what cannot be read goes in as it is, and the calculator says what is wrong.
(function () {
  "use strict";
  const { grid, read } = window.skValues;
  const MOST_ROWS = 100;
  const fields = (row) => [...row.querySelectorAll("td input, td select")];

  function added(body) {
    const last = body.rows[body.rows.length - 1], made = last.cloneNode(true), from = body.rows.length - 1, to = body.rows.length;
    for (const node of made.querySelectorAll("[name], [id], [for], button[value]")) {
      for (const name of ["name", "id", "for"]) if (node.hasAttribute(name)) node.setAttribute(name, numbered(node.getAttribute(name), from, to));
      if (node.matches("button")) node.value = numbered(node.value, from, to);
      else if ("value" in node) node.value = "";
    }
    for (const label of made.querySelectorAll("label")) label.textContent = label.textContent.replace(`第${to}行`, `第${to + 1}行`);
    for (const button of made.querySelectorAll("[aria-label]")) button.setAttribute("aria-label", button.getAttribute("aria-label").replace(`第${to}行`, `第${to + 1}行`));
    made.querySelector(".idx").textContent = String(to + 1);
    body.append(made);
    return made;
  }
  const numbered = (text, from, to) => text.replace(new RegExp(`([.-])${from}(?=[.-]|$)`), `$1${to}`);

  function put(field, text) {
    if (field.tagName === "SELECT") {
      const found = [...field.options].find((option) => option.value === text.trim() || option.text === text.trim());
      if (found) field.value = found.value;
      return;
    }
    const kind = { decimal: "quantity", numeric: "quantity" }[field.inputMode] || (field.type === "date" ? "date" : "text");
    const got = read(text, { kind, unit: "", decimals: 30, signed: true, choices: [] });
    field.value = got.problem ? text.trim() : got.value;
  }

  document.addEventListener("paste", (event) => {
    const start = event.target.closest(".entry-grid input");
    const text = start ? event.clipboardData.getData("text/plain") : "";
    if (!/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    const row = start.closest("tr"), body = row.parentElement, left = fields(row).indexOf(start), top = [...body.rows].indexOf(row);
    grid(text).slice(0, MOST_ROWS - top).forEach((cells, down) => {
      const into = fields(body.rows[top + down] || added(body));
      cells.forEach((cell, right) => { if (into[left + right]) put(into[left + right], cell); });
    });
  });
})();
