/* Lets this browser take notices. Owns the talk with the browser; the server decides which addresses it takes. */
"use strict";

(() => {
  const box = document.querySelector("[data-push-key]");
  if (!box || !("serviceWorker" in navigator) || !("PushManager" in window) || !window.isSecureContext) return;
  box.hidden = false;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

  const subscribe = async () => {
    const worker = await navigator.serviceWorker.register("/worker.js");
    if (await Notification.requestPermission() !== "granted") throw new Error("denied");
    const key = bytes(box.dataset.pushKey);
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = made.toJSON();
    const answer = await fetch("/settings/notices/browsers", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": document.body.dataset.csrf },
      body: JSON.stringify({ endpoint, p256dh: keys.p256dh, auth: keys.auth }),
    });
    if (!answer.ok) throw new Error("refused");
    location.reload();
  };

  box.querySelector("button").addEventListener("click", () => {
    const message = box.querySelector("[data-message]");
    message.textContent = "";
    subscribe().catch(() => { message.textContent = message.dataset.message; });
  });
})();
