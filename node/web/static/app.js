/* What pages do beyond reading and sending; everything works without it. Owns keys, line tables, focus.
   Enter never sends a form marked data-guard (it moves down in tables of lines); Ctrl+Enter presses the filled button. */
"use strict";

(() => {
  const isTyping = (event) => event.isComposing || event.keyCode === 229;

  const mainButton = (form) => (form ?? document).querySelector("button[data-main]");

  document.addEventListener("keydown", (event) => {
    if (isTyping(event)) return;
    const field = event.target;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const button = mainButton(field.form ?? null) ?? mainButton(null);
      if (button) {
        event.preventDefault();
        button.click();
      }
      return;
    }
    if (event.key === "Escape") {
      document.querySelectorAll("details.me[open]").forEach((open) => {
        open.open = false;
        open.querySelector("summary").focus();
      });
      return;
    }
    if (!(field instanceof HTMLInputElement) || field.type === "submit") return;
    const cell = field.closest(".line-table td");
    if (cell && ["Enter", "ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      move(cell, event.key === "ArrowUp" ? -1 : 1);
    } else if (event.key === "Enter" && field.form?.hasAttribute("data-guard")) {
      event.preventDefault();
    }
  });

  const move = (cell, by) => {
    const row = cell.parentElement;
    const next = by > 0 ? row.nextElementSibling : row.previousElementSibling;
    next?.children[cell.cellIndex]?.querySelector("input:not([type=hidden]), select")?.focus();
  };

  // a new line is a copy of the last one, with the next number and nothing typed into it
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-add-line]");
    if (!button) return;
    const name = button.dataset.addLine;
    const rows = button.closest("[data-lines]").querySelectorAll("tbody > tr");
    const last = rows[rows.length - 1];
    if (!last) return;
    event.preventDefault();
    const number = Number(last.dataset.row) + 1;
    const copy = last.cloneNode(true);
    copy.dataset.row = String(number);
    copy.querySelectorAll(".error").forEach((item) => item.remove());
    copy.querySelectorAll(".field-wrong").forEach((item) => item.classList.remove("field-wrong"));
    copy.querySelectorAll("input, select").forEach((item) => {
      item.name = item.name.replace(`${name}.${last.dataset.row}.`, `${name}.${number}.`);
      item.id = `f-${item.name.replaceAll(".", "-")}`;
      item.removeAttribute("aria-invalid");
      item.removeAttribute("aria-describedby");
      const spoken = item.getAttribute("aria-label");
      if (spoken) item.setAttribute("aria-label", spoken.replace(/\d+/, String(rows.length + 1)));
      if (item instanceof HTMLInputElement) item.value = "";
    });
    last.after(copy);
    copy.querySelector("input:not([type=hidden]), select")?.focus();
  });

  // a whole date pasted into the year goes into its three fields
  document.addEventListener("paste", (event) => {
    const date = event.target.closest?.("[data-date]");
    const found = date && /^\s*(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?\s*$/.exec(event.clipboardData.getData("text"));
    if (!found) return;
    event.preventDefault();
    date.querySelectorAll("input").forEach((field, at) => { field.value = String(Number(found[at + 1])); });
  });

  // what is typed into a paper is kept as a draft, a second after the last key
  document.querySelectorAll("form[data-draft]").forEach((form) => {
    let waiting = 0;
    let sent = "";
    const note = form.querySelector("[data-draft-note]");
    const keep = async () => {
      const body = new URLSearchParams(new FormData(form));
      body.delete("action");
      body.delete("files"); // a file is kept when it is attached
      const text = body.toString();
      if (text === sent) return;
      sent = text;
      try {
        const answer = await fetch("/drafts", {
          method: "POST",
          body,
          headers: { Accept: "application/json", "X-CSRF-Token": document.body.dataset.csrf },
          redirect: "error",
        });
        const said = await answer.json();
        if (said.draft) form.elements.draft.value = said.draft;
        if (note) note.textContent = said.said ?? "";
      } catch {
        if (note) note.textContent = ""; // sending the form keeps it
      }
    };
    form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(keep, 1000);
    });
    form.addEventListener("submit", () => clearTimeout(waiting));
  });

  // a file that was chosen for a paper is taken over at once
  document.querySelectorAll("input[type=file][data-attach]").forEach((field) => {
    const button = document.getElementById(field.dataset.attach);
    field.addEventListener("change", () => { if (field.files.length && button) field.form.requestSubmit(button); });
  });

  // forms that script sends (htmx) carry the token too
  document.addEventListener("htmx:config:request", (event) => {
    const request = event.detail?.ctx?.request;
    if (request?.headers) request.headers["X-CSRF-Token"] = document.body.dataset.csrf;
  });

  const errors = document.getElementById("errors");
  if (errors) errors.focus();
})();
