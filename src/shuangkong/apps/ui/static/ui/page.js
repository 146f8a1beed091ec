// Behaviour of the frame. Everything works without it; with it, explanations open beside the page.
(function () {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-toggle]")) {
      const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
      root.dataset.bsTheme = next;
      try { localStorage.setItem("sk-theme", next); } catch (error) { /* storage may be refused */ }
    }
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    const secret = event.target.closest("[data-show-secret]");
    if (secret) {
      const field = document.getElementById(secret.dataset.showSecret);
      field.type = field.type === "password" ? "text" : "password";
      secret.setAttribute("aria-pressed", String(field.type === "text"));
    }
    if (event.target.closest("[data-print]")) print();
  });
  // What the browser keeps of somebody's work (sk-draft-…-<person>) is that person's alone: gone at sign-out and for whoever comes next.
  function forget(which) {
    try {
      for (const key of Object.keys(localStorage)) if (key.startsWith("sk-draft-") && which(key)) localStorage.removeItem(key);
    } catch (error) { /* storage may be refused */ }
  }
  const person = document.body.dataset.person;
  if (person) forget((key) => !key.endsWith("-" + person));
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !event.target.matches("[data-sign-out]")) return;
    window.skSignedOut = true;
    forget(() => true);
  });

  document.addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });

  // 说明这个数: a dialog keeps the focus inside, Esc closes it and the focus returns to the figure.
  const panel = document.getElementById("panel");
  const wide = () => innerWidth > 820;
  function show(address) {
    if (!panel || !panel.showModal || !window.htmx) return location.assign(address);
    return htmx.ajax("GET", address, { target: panel, swap: "innerHTML" }).then(() => {
      if (!panel.open) panel.showModal();
      panel.scrollTop = 0;
    });
  }
  window.skPanel = show;
  document.addEventListener("click", (event) => {
    const figure = event.target.closest("a.fig, a[data-panel]");
    if (figure && panel && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
      event.preventDefault();
      show(figure.getAttribute("href"));
    }
    if (panel && (event.target === panel || event.target.closest("[data-close-panel]"))) {
      if (panel.open) { event.preventDefault(); panel.close(); }
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (panel && event.detail.target === panel) location.assign(event.detail.pathInfo.requestPath);
  });

  document.addEventListener("keydown", (event) => {
    const search = document.getElementById("search");
    if ((event.ctrlKey || event.metaKey) && event.key === "k" && search && wide()) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
  });
})();
