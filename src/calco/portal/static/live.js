// Keeps an open page true: what has changed comes as a stream from the page's own address, and htmx puts it in its place.
//
// What a person has under their hands stays as it is: scroll, focus, selection, ticked boxes, half-typed text, what is
// folded open. The stream is closed while nobody looks, for browsers allow six connections to a host (HTTP/1.1).
// docs/decisions/0028 says what htmx does and what is left for here.
"use strict";
(() => {
  const here = location.pathname + location.search, AGAIN_MS = 5000;
  const WIRED = { "sse:connect": here, "sse:close": "over", trigger: "look", swap: "innerMorph", sync: "drop" };

  function follow(live) {
    const look = () => { if (!document.hidden) htmx.trigger(live, "look"); };
    const again = () => setTimeout(look, AGAIN_MS);
    for (const [name, value] of Object.entries(WIRED)) live.setAttribute(`hx-${name}`, value);
    // Whoever works in the shell below sees what it printed until they go to sign in: it says that they have to.
    const stays = ({ data }) => data === "signed out" && document.getElementById("shell")?.hidden === false;
    live.addEventListener("over", ({ detail }) => { if (!stays(detail)) location.assign(here); });
    live.addEventListener("htmx:after:swap", () => prepare(live));
    // hx-sse begins anew what had begun, and closes what is open when the page is hidden. A stream that does not begin,
    // and one that would begin on a hidden page, are left to us.
    live.addEventListener("htmx:error", again);
    live.addEventListener("htmx:response:error", again);
    live.addEventListener("htmx:sse:before:connection", (event) => { if (document.hidden) event.preventDefault(); });
    live.addEventListener("htmx:sse:after:connection", ({ detail }) => {
      if (document.hidden) queueMicrotask(() => detail.connection.reader?.cancel());
    });
    document.addEventListener("visibilitychange", look);
    document.addEventListener("DOMContentLoaded", () => { htmx.process(live); look(); });
  }

  // What only script can do is shown only where there is script.
  function prepare(part) {
    for (const each of part.querySelectorAll("[data-copy], [data-all]")) each.hidden = false;
  }

  async function copy(button) {
    const text = document.getElementById(button.dataset.copy).textContent;
    await navigator.clipboard.writeText(text);
    const said = button.textContent;
    if (said === button.dataset.done) return;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = said; }, 1500);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
  document.addEventListener("change", (event) => {
    // A box that ticks all boxes of one name: <input type="checkbox" data-all="machine" hidden>.
    const name = event.target.dataset.all;
    if (!name) return;
    for (const box of document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`)) {
      box.checked = event.target.checked;
    }
  });

  function onlyWhen() {
    for (const rule of document.querySelectorAll("[data-only]")) {
      const control = document.getElementById(rule.dataset.only);
      if (!control) continue;
      const chosen = new FormData(control.form).get(rule.dataset.when);
      control.closest(".field").hidden = chosen !== rule.dataset.is;
    }
  }
  document.addEventListener("change", onlyWhen);
  addEventListener("pageshow", onlyWhen);  // the browser has put back what was chosen

  prepare(document);
  onlyWhen();
  const live = document.getElementById("live");
  if (live) follow(live);
})();
