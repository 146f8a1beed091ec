// Runs before the first paint: the theme that the person chose here, else the one of the system.
(function () {
  var chosen = null;
  try { chosen = localStorage.getItem("sk-theme"); } catch (error) { /* storage may be refused */ }
  var dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
})();
