/* Shows a notice while no page is open, and opens the page when it is touched. Knows nothing of papers. */
"use strict";

self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data.json(); } catch { /* not one of ours: say that something waits */ }
  const options = { tag: told.tag, data: { path: told.path ?? "/" }, icon: "/static/icon.svg" };
  event.waitUntil(self.registration.showNotification(told.title ?? "結", options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const page = new URL(event.notification.data?.path ?? "/", self.location.origin);
  if (page.origin === self.location.origin) event.waitUntil(self.clients.openWindow(page.href));
});
