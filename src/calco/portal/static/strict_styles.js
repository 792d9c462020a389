// The page's policy lets no script write a <style> or a style attribute (style-src 'self'); xterm.js writes both. What it
// writes is kept as a style sheet made by script and as properties of the element, which the policy leaves to scripts of
// our own. Loaded before xterm.js, on the pages that have a terminal.
// Sources: Content Security Policy Level 3, "Should element's inline type behavior be blocked"; CSSOM, "constructed".
"use strict";
(() => {
  const create = document.createElement.bind(document);
  const setAttribute = Element.prototype.setAttribute;

  function styleSheet() {
    const carrier = create("span");
    const sheet = new CSSStyleSheet();
    let text = "";
    carrier.hidden = true;
    document.adoptedStyleSheets.push(sheet);
    Object.defineProperty(carrier, "textContent", {
      get: () => text,
      set: (rules) => { text = rules; sheet.replaceSync(rules); },
    });
    carrier.remove = () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
      Element.prototype.remove.call(carrier);
    };
    return carrier;
  }

  document.createElement = (name, options) => (name === "style" ? styleSheet() : create(name, options));
  Element.prototype.setAttribute = function (name, value) {
    if (name === "style") this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };
})();
