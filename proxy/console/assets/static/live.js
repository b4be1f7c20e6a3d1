// Shows how far work is: it fetches the page again and replaces the part that changes, until
// none of the work runs.
"use strict";
(() => {
  const every = 2000;
  const refresh = async () => {
    const live = document.getElementById("live");
    if (!live || !("live" in live.dataset)) return;
    try {
      const response = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (response.ok && !response.redirected) {
        const next = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("live");
        if (next) {
          live.replaceWith(next);
          if (!("live" in next.dataset)) {
            location.reload(); // its buttons and its record
            return;
          }
        }
      }
    } catch {
      // The next try may come through.
    }
    setTimeout(refresh, every);
  };
  setTimeout(refresh, every);
})();
