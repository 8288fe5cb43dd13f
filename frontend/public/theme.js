// Runs before the first paint, so that a dark page never flashes light. src/lib/theme.ts does the rest.
(function () {
  var wish = null;
  try {
    wish = localStorage.getItem("theme");
  } catch {
    // A browser that forbids storage follows the system.
  }
  var chosen = wish === "dark" || wish === "light";
  var dark = chosen ? wish === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  var bar = document.querySelector("meta[name=theme-color]");
  if (bar) bar.content = dark ? "#1b2320" : "#fbfaf5";
})();
