// The serial console: a terminal on a machine's serial port. Where the port is, is asked for each time, for the address
// opens it once and for a moment only. Loaded behind strict_styles.js, xterm.js and addon-fit.js.
"use strict";
(() => {
  const place = document.getElementById("serial");
  const status = document.getElementById("serial-status");
  const button = document.getElementById("serial-connect");
  const said = place.dataset;
  const keys = new TextEncoder();
  const PIECE_BYTES = 32 * 1024;

  // Measured when it is shown, and shown when there is something to connect to: at once, or when the page says so later.
  // What a guest says need not be right: systemd 252 cuts long lines in the middle of an escape sequence. Nothing to log.
  const terminal = new Terminal({
    cursorBlink: true, fontFamily: "ui-monospace, monospace", fontSize: 14, screenReaderMode: true, logLevel: "off",
  });
  const fit = new FitAddon.FitAddon();
  terminal.loadAddon(fit);
  // A keyboard must find the way out again: Tab is the machine's. Source: WCAG 2.2, 2.1.2.
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.key !== "F6") return true;
    if (event.type === "keydown") { event.preventDefault(); button.focus(); }
    return false;
  });

  let line = null;
  terminal.onData((typed) => send(keys.encode(typed)));
  terminal.onBinary((typed) => send(Uint8Array.from(typed, (each) => each.charCodeAt(0))));

  // The service ends a connection that sends it more than 64 KiB at once; what is pasted may be any length.
  function send(bytes) {
    if (!line || line.readyState !== WebSocket.OPEN) return;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) line.send(bytes.subarray(at, at + PIECE_BYTES));
  }

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
    if (line) { line.onclose = null; line.close(); line = null; }
    button.disabled = true;
    say(said.connecting);
    try {
      const found = await address();
      if (found) open(found);
    } catch {
      say(said.unreached);
    } finally {
      button.disabled = false;
    }
  }

  function begin() {
    if (!place.hidden || !document.getElementById("serial-ready")) return;
    place.hidden = false;
    const inside = document.getElementById("serial-terminal");
    terminal.open(inside);
    fit.fit();
    new ResizeObserver(() => fit.fit()).observe(inside);
    connect();
  }

  function open(found) {
    terminal.reset();
    const opened = line = new WebSocket(found);
    opened.binaryType = "arraybuffer";
    opened.onopen = () => { say(said.connected); terminal.focus(); };
    opened.onmessage = (event) => terminal.write(typeof event.data === "string" ? event.data : new Uint8Array(event.data));
    opened.onclose = (event) => say(said[`ended-${event.code}`] || said.ended);
  }

  button.addEventListener("click", connect);
  addEventListener("pagehide", () => { if (line) line.close(); });
  document.addEventListener("htmx:after:swap", begin);
  begin();
})();
