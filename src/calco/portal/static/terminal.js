// A terminal in a page: what is typed goes to a websocket, what comes from it is shown. For the serial console and the
// Cloud Shell. Loaded behind strict_styles.js, xterm.js and addon-fit.js.
"use strict";
function pageTerminal(inside, away, told = () => {}) {
  const keys = new TextEncoder();
  const PIECE_BYTES = 32 * 1024;
  // What a guest says need not be right: systemd 252 cuts long lines in the middle of an escape sequence. Nothing to log.
  const terminal = new Terminal({
    cursorBlink: true, fontFamily: "ui-monospace, monospace", fontSize: 14, screenReaderMode: true, logLevel: "off",
    minimumContrastRatio: 4.5,  // WCAG 2.2, 1.4.3
  });
  const fit = new FitAddon.FitAddon();
  let line = null;
  terminal.loadAddon(fit);
  // A keyboard must find the way out again: Tab is the terminal's. Source: WCAG 2.2, 2.1.2.
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.key !== "F6") return true;
    if (event.type === "keydown") { event.preventDefault(); away.focus(); }
    return false;
  });
  terminal.onData((typed) => send(keys.encode(typed)));
  terminal.onBinary((typed) => send(Uint8Array.from(typed, (each) => each.charCodeAt(0))));
  terminal.open(inside);
  fit.fit();
  new ResizeObserver(() => { if (inside.clientHeight) fit.fit(); }).observe(inside);

  // The service ends a connection that sends it more than 64 KiB at once; what is pasted may be any length.
  function send(bytes) {
    if (!line || line.readyState !== WebSocket.OPEN) return;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) line.send(bytes.subarray(at, at + PIECE_BYTES));
  }

  function leave() {
    if (line) { line.onclose = null; line.close(); line = null; }
  }

  // ``told`` hears "open", and how it ended: the websocket's code. ``quietly``: whoever reads the page goes on with it.
  function connect(address, quietly = false) {
    leave();
    terminal.reset();
    const opened = line = new WebSocket(address);
    opened.binaryType = "arraybuffer";
    opened.onopen = () => { told("open", terminal, opened); if (!quietly) terminal.focus(); };
    opened.onmessage = (event) => terminal.write(typeof event.data === "string" ? event.data : new Uint8Array(event.data));
    opened.onclose = (event) => told(event.code, terminal, opened);
  }

  addEventListener("pagehide", leave);
  return { connect, leave, terminal };
}
