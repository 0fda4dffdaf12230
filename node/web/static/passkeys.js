/* Passkeys at the login and in the settings. Owns the talk with the authenticator; the server decides. */
"use strict";

(() => {
  if (!window.PublicKeyCredential || !window.isSecureContext) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const post = async (path, value) => {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": document.body.dataset.csrf };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(value) });
    const told = (answer.headers.get("Content-Type") ?? "").includes("json") ? await answer.json() : {};
    if (!answer.ok) throw new Error(told.message ?? "");
    return told;
  };

  const create = async (label) => {
    const options = await post("/settings/passkeys/options", {});
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    (options.excludeCredentials ?? []).forEach((item) => { item.id = bytes(item.id); });
    const made = await navigator.credentials.create({ publicKey: options });
    const credential = {
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      response: {
        clientDataJSON: text(made.response.clientDataJSON),
        attestationObject: text(made.response.attestationObject),
        transports: made.response.getTransports?.() ?? [],
      },
    };
    return post("/settings/passkeys", { credential, label });
  };

  const use = async (next) => {
    const options = await post("/login/passkey/options", {});
    options.challenge = bytes(options.challenge);
    const found = await navigator.credentials.get({ publicKey: options });
    const credential = {
      id: found.id,
      rawId: text(found.rawId),
      type: found.type,
      response: {
        clientDataJSON: text(found.response.clientDataJSON),
        authenticatorData: text(found.response.authenticatorData),
        signature: text(found.response.signature),
        userHandle: found.response.userHandle ? text(found.response.userHandle) : null,
      },
    };
    return post("/login/passkey", { credential, next });
  };

  const wire = (selector, act) => {
    const box = document.querySelector(selector);
    if (!box) return;
    box.hidden = false;
    box.querySelector("button").addEventListener("click", async () => {
      const trouble = box.querySelector("[role=alert]");
      trouble.textContent = "";
      try {
        location.assign((await act(box)).location);
      } catch (error) {
        trouble.textContent = error instanceof DOMException || !error.message ? trouble.dataset.message : error.message;
      }
    });
  };

  wire("[data-passkey-login]", (box) => use(box.dataset.next));
  wire("[data-passkey-new]", (box) => create(box.querySelector("input").value));
})();
