/* Keeps an open page true: when the node says that something changed, the page is read again and its parts replaced.
   Owns what must not be lost by that: focus, opened details, the order of rows under the finger, what is being typed
   (forms lie outside the parts). Only a visible page is connected. */
"use strict";

(() => {
  const body = document.body;
  if (!("EventSource" in window) || !body.hasAttribute("data-live")) return;
  let source = null;
  let seen = body.dataset.live;
  let ended = false;

  const connect = () => {
    if (source || ended || document.hidden) return;
    const query = new URLSearchParams({ seen });
    if (body.dataset.thread) query.set("thread", body.dataset.thread);
    source = new EventSource(`/live?${query}`);
    source.addEventListener("changed", (event) => {
      const told = JSON.parse(event.data);
      count(told.waits);
      if (told.changed) refresh();
      seen = told.mark;
    });
    source.addEventListener("end", () => { ended = true; disconnect(); });
  };

  const disconnect = () => {
    source?.close();
    source = null;
  };

  const count = (waits) => {
    document.querySelectorAll("[data-waits]").forEach((item) => {
      item.textContent = waits ? String(waits) : "";
      item.hidden = !waits;
    });
  };

  let running = false;
  let again = false;
  const refresh = async () => {
    if (running) { again = true; return; }
    running = true;
    try {
      const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const changed = [...document.querySelectorAll("[data-part]")].filter((part) => replace(part, fresh));
      if (changed.length) announce();
    } catch {
      /* not reachable now: the next event comes */
    } finally {
      running = false;
      if (again) { again = false; refresh(); }
    }
  };

  const replace = (part, fresh) => {
    const found = fresh.getElementById(part.id);
    if (!found || found.innerHTML === part.dataset.was) return false;
    const was = found.innerHTML;
    if (!part.dataset.was && found.innerHTML === part.innerHTML) return false;
    const focus = part.contains(document.activeElement) ? address(document.activeElement) : "";
    part.querySelectorAll("details").forEach((item) => {
      const same = item.closest("[data-row]") && found.querySelector(`[data-row="${item.closest("[data-row]").dataset.row}"] details`);
      if (same) same.open = item.open;
    });
    settle(part, found);
    part.replaceChildren(...[...found.childNodes].map((node) => document.importNode(node, true)));
    part.dataset.was = was;
    if (focus) part.querySelector(focus)?.focus();
    return true;
  };

  // rows that were there keep their order, new ones come behind them with a word
  const settle = (part, found) => {
    found.querySelectorAll("ul[data-rows]").forEach((list) => {
      const before = part.querySelector(`ul[data-rows="${list.dataset.rows}"]`);
      const old = before ? [...before.querySelectorAll(":scope > [data-row]")].map((item) => item.dataset.row) : [];
      const rows = [...list.querySelectorAll(":scope > [data-row]")];
      const place = (row) => (old.includes(row.dataset.row) ? old.indexOf(row.dataset.row) : old.length);
      rows.sort((one, other) => place(one) - place(other)).forEach((row) => {
        list.append(row);
        if (!old.includes(row.dataset.row)) mark(row);
      });
    });
  };

  const mark = (row) => {
    const word = document.createElement("span");
    word.className = "tag tag-new";
    word.textContent = body.dataset.new;
    row.prepend(word);
  };

  const address = (item) => {
    if (item.id) return `#${CSS.escape(item.id)}`;
    const link = item.getAttribute("href");
    return link ? `a[href="${CSS.escape(link)}"]` : "";
  };

  const announce = () => {
    const place = document.getElementById("live-status");
    if (place) place.textContent = place.dataset.message;
    // what came is opened only when a person shows that somebody is there
    if (body.dataset.thread) ["pointerdown", "keydown"].forEach((name) => addEventListener(name, here, { once: true }));
  };

  let told = 0;
  const here = () => {
    if (Date.now() - told < 2000) return;
    told = Date.now();
    fetch(location.href).catch(() => {});
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", connect);
  connect();
})();
