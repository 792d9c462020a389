// Keeps an open page true: asks for its own address as a stream of events, and puts what has changed in its place.
//
// What a person has under their hands stays as it is: scroll, focus, selection, ticked boxes, half-typed text, what is
// folded open. The stream is closed while nobody looks, for browsers allow six connections to a host (HTTP/1.1).
"use strict";
(() => {
  // --- morphing: make `old` like `fresh`, keeping each element that is in both; `id` says which is which -------------

  const element = (node) => node.nodeType === Node.ELEMENT_NODE;
  const alike = (old, fresh) => old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName;

  function morph(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (!element(old)) { old.nodeValue = fresh.nodeValue; return; }
    if (old.hasAttribute("data-keep")) return;
    morphAttributes(old, fresh);
    morphChildren(old, fresh);
  }

  function morphAttributes(old, fresh) {
    const theirs = (name) => name === "open" && old.nodeName === "DETAILS";  // the reader's own doing
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !theirs(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      // An input's attributes are its defaults: what was typed or ticked since is a property, and stays.
      if (old.getAttribute(name) !== value && !theirs(name)) old.setAttribute(name, value);
    }
  }

  function morphChildren(old, fresh) {
    const wanted = new Set([...fresh.children].map((each) => each.id).filter(Boolean));
    const keyed = new Map([...old.children].filter((each) => each.id).map((each) => [each.id, each]));
    let at = old.firstChild;
    const skipGone = () => {
      while (at && at.id && !wanted.has(at.id)) { const gone = at; at = at.nextSibling; gone.remove(); }
    };
    for (const next of [...fresh.childNodes]) {
      skipGone();
      const kept = next.id ? keyed.get(next.id) : (at && !at.id && alike(at, next) ? at : null);
      if (!kept || !alike(kept, next)) old.insertBefore(document.importNode(next, true), at);
      else {
        if (kept === at) at = at.nextSibling;
        else old.insertBefore(kept, at);
        morph(kept, next);
      }
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  }

  function show(live, text) {
    const fresh = live.cloneNode(false);
    fresh.innerHTML = text;
    const focused = document.activeElement;
    morphChildren(live, fresh);
    prepare(live);
    // Moving an element takes the focus from it.
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
    live.dispatchEvent(new CustomEvent("shown", { bubbles: true }));
  }

  // --- the stream ---------------------------------------------------------------------------------------------------

  const AGAIN_MS = [2000, 5000, 15000, 60000];

  function follow(live) {
    let source = null, timer = 0, failed = 0;

    function open() {
      clearTimeout(timer);
      if (source || document.hidden) return;
      source = new EventSource(location.pathname + location.search);
      source.onmessage = (event) => { failed = 0; show(live, event.data); };
      source.addEventListener("over", () => { close(); location.assign(location.pathname + location.search); });
      source.onerror = () => {
        if (source.readyState !== EventSource.CLOSED) return;  // the browser tries again by itself
        close();
        timer = setTimeout(open, AGAIN_MS[Math.min(failed++, AGAIN_MS.length - 1)]);
      };
    }

    function close() {
      clearTimeout(timer);
      if (source) source.close();
      source = null;
    }

    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    addEventListener("pagehide", close);
    addEventListener("pageshow", open);  // also when the page comes back out of the browser's own memory
    open();
  }

  // --- what only script can do: shown only where there is script --------------------------------------------------------

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
