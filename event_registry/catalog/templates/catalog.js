
"use strict";
{
  const [form, query, owner, status] = ["search", "query", "owner", "status"].map((id) => document.getElementById(id));
  const entries = [...document.querySelectorAll(".entry")].map((element) => ({ element, text: undefined }));

  // Read when somebody searches for the first time: it costs more than showing the page.
  const textOf = (entry) =>
    (entry.text ??= Array.from(entry.element.querySelectorAll(".f"), (found) => found.textContent)
      .join("\n")
      .toLowerCase());

  function show() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of entries) {
      const isOwned = !owner.value || entry.element.dataset.owner === owner.value;
      const fits = isOwned && words.every((word) => textOf(entry).includes(word));
      entry.element.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    status.textContent = `${shown.toLocaleString("en")} of ${entries.length.toLocaleString("en")} shown`;
  }

  // What the address names is opened, also when the search has hidden it.
  function follow() {
    const named = document.querySelector(".entry:target");
    if (!named) return;
    if (named.hidden) {
      form.reset();
      show();
    }
    named.open = true;
    named.scrollIntoView();
  }

  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", follow);
  window.addEventListener("load", follow); // by then the browser knows what the address names
  show();
}
