// What all pages of the console share. Pages work without it.
"use strict";

(() => {
  // A button that does something which cannot be undone asks first.
  document.addEventListener("submit", (event) => {
    const question = event.submitter && event.submitter.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // A button that copies the text of an element.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const from = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(from.textContent.trim());
      button.textContent = "Copied";
    } catch {
      const range = document.createRange();
      range.selectNodeContents(from);
      const selection = window.getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
    }
  });

  // On a phone the navigation is a row that scrolls: to the page that is shown.
  const current = document.querySelector(".side [aria-current]");
  if (current) current.parentElement.scrollIntoView({ inline: "center", block: "nearest" });

  // Times are written in UTC; the title has the time of the reader.
  for (const t of document.querySelectorAll("time[datetime]")) {
    t.title = new Date(t.dateTime).toLocaleString();
  }
})();
