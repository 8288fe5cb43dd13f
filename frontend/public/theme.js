// Sets the theme before the first paint, so that a dark page does not flash. See src/lib/theme.ts.
(function () {
  var stored = null;
  try {
    stored = localStorage.getItem("theme");
  } catch {
    // Where storage is forbidden, the page follows the system.
  }
  var isChosen = stored === "dark" || stored === "light";
  var dark = isChosen ? stored === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  var bar = document.querySelector("meta[name=theme-color]");
  if (bar) bar.content = dark ? "#1b2320" : "#fbfaf5";
})();
