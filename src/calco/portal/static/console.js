// The serial console: a terminal on a machine's serial port. Where the port is, is asked for each time, for the address
// opens it once and for a moment only. Loaded behind terminal.js.
"use strict";
(() => {
  const place = document.getElementById("serial");
  const status = document.getElementById("serial-status");
  const button = document.getElementById("serial-connect");
  const said = place.dataset;
  let terminal = null;

  function say(text, foreign) {
    status.textContent = text;
    if (foreign) status.lang = "en";
    else status.removeAttribute("lang");
  }

  async function address() {
    const answer = await fetch(said.address, { method: "POST", body: new URLSearchParams({ guard: said.guard }) });
    if (!(answer.headers.get("content-type") || "").startsWith("application/json")) {
      location.reload();  // signed out meanwhile: the page leads to signing in
      return null;
    }
    const found = await answer.json();
    if (found.address) return found.address;
    say(found.said, true);
    return null;
  }

  async function connect() {
    terminal.leave();
    button.disabled = true;
    say(said.connecting);
    try {
      const found = await address();
      if (found) terminal.connect(found);
    } catch {
      say(said.unreached);
    } finally {
      button.disabled = false;
    }
  }

  // Measured when it is shown, and shown when there is something to connect to: at once, or when the page says so later.
  function begin() {
    if (!place.hidden || !document.getElementById("serial-ready")) return;
    place.hidden = false;
    terminal = pageTerminal(document.getElementById("serial-terminal"), button,
      (told) => say(told === "open" ? said.connected : said[`ended-${told}`] || said.ended));
    connect();
  }

  button.addEventListener("click", connect);
  document.addEventListener("htmx:after:swap", begin);
  begin();
})();
