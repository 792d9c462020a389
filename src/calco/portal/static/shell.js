// The Cloud Shell: a pane below every page. The shell itself lives at the service; a page that is left lets go of it, and
// the next one takes it up where it was. What the terminal is made of is loaded when the pane is first opened.
"use strict";
(() => {
  const pane = document.getElementById("shell"), opener = document.getElementById("shell-open");
  if (!pane || !opener) return;
  const [again, enter, close, status, inside] = ["again", "enter", "close", "status", "terminal"].map((each) => document.getElementById(`shell-${each}`));
  const said = pane.dataset, OPEN = "calco-shell", SIGNED_OUT = 4012;
  const PARTS = ["strict_styles.js", "vendor/xterm.js", "vendor/addon-fit.js", "terminal.js"];
  const here = location.pathname === opener.getAttribute("href");
  let terminal = null;

  const loaded = (part) => new Promise((done, failed) => {
    const script = document.createElement("script");
    Object.assign(script, { src: `/portal/static/${part}`, onload: done, onerror: failed });
    document.head.append(script);
  });

  async function load() {
    const styles = document.createElement("link");
    Object.assign(styles, { rel: "stylesheet", href: "/portal/static/vendor/xterm.css" });
    document.head.append(styles);
    for (const part of PARTS) {
      // Those of a page that has a terminal of its own are there already.
      if (!document.querySelector(`script[src="/portal/static/${part}"]`)) await loaded(part);
    }
  }

  const size = ({ cols, rows }) => JSON.stringify({ columns: cols, rows });

  function told(what, of, line) {
    again.hidden = what === "open" || what === SIGNED_OUT;
    enter.hidden = what !== SIGNED_OUT;
    status.textContent = what === "open" ? "" : said[`ended-${what}`] || said.ended;
    if (what !== "open") return;
    line.send(size(of));
  }

  async function open(quietly) {
    pane.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    document.body.classList.add("shelled");
    sessionStorage.setItem(OPEN, "yes");
    if (!terminal) {
      await load();
      let line = null;
      terminal = pageTerminal(inside, close, (what, of, by) => { line = by; told(what, of, by); });
      terminal.terminal.onResize((to) => { if (line && line.readyState === WebSocket.OPEN) line.send(size(to)); });
    }
    connect(quietly);
  }

  function connect(quietly) {
    again.hidden = enter.hidden = true;
    status.textContent = said.connecting;
    terminal.connect(`wss://${location.host}/portal/shell/line`, quietly);
  }

  function shut() {
    terminal?.leave();
    pane.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    document.body.classList.remove("shelled");
    sessionStorage.removeItem(OPEN);
    opener.focus();
  }

  opener.setAttribute("aria-expanded", "false");
  opener.addEventListener("click", (event) => { event.preventDefault(); if (pane.hidden) open(false); else shut(); });
  again.addEventListener("click", () => connect(false));
  close.addEventListener("click", shut);
  // When all scripts of the page are there: it may have a terminal of its own.
  document.addEventListener("DOMContentLoaded", () => { if (sessionStorage.getItem(OPEN) || here) open(!here); });
  // A page that the browser has kept let go of its line when it was left.
  addEventListener("pageshow", (event) => { if (event.persisted && terminal && !pane.hidden) connect(true); });
})();
