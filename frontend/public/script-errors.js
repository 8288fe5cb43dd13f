// When the app's own code cannot be loaded, nothing else is there to say so.
addEventListener(
  "error",
  function (event) {
    var root = document.getElementById("root");
    if (!(event.target instanceof HTMLScriptElement) || !root || root.childElementCount) return;
    var words = document.createElement("p");
    words.setAttribute("role", "alert");
    words.style.margin = "3rem auto";
    words.style.maxWidth = "32rem";
    words.style.padding = "0 1.5rem";
    words.textContent =
      "This page did not open: the shop could not be reached. Check your connection, then open it anew.";
    root.append(words);
  },
  true,
);
