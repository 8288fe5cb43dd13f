// Shows an error when the app's code cannot be loaded, because nothing else can then.
addEventListener(
  "error",
  function (event) {
    var root = document.getElementById("root");
    if (!(event.target instanceof HTMLScriptElement) || !root || root.childElementCount) return;
    var add = function (parent, kind, text) {
      var element = document.createElement(kind);
      element.textContent = text;
      parent.append(element);
      return element;
    };
    var main = add(root, "main", "");

    main.style.cssText = "max-width: 32rem; margin: 4rem auto; padding: 0 1.5rem";
    add(main, "h1", "This page could not be loaded").style.marginBottom = "1rem";
    add(main, "p", "The shop could not be reached. Check your connection and reload the page.");
  },
  true,
);
