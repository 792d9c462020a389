// A VHD goes up from the browser: its footer is looked at before anything is made, then what is not empty of it is sent
// in pages of at most 4 MiB straight to the page-blob endpoint, several at a time, each tried again when it fails.
//
// The form's words, limits and addresses are its data- attributes. Sources: "Virtual Hard Disk Image Format
// Specification" 1.0, "Hard Disk Footer Format"; Azure, "Put Page".
"use strict";
(() => {
  const MIB = 1024 * 1024, FOOTER = 512, SECTOR = 512, PIECE = 4 * MIB;
  const AT_ONCE = 4, TRIES = 6, TIMEOUT_MS = 120000, VERSION = "2021-08-06";
  const FIXED = 2, DYNAMIC = 3, DIFFERENCING = 4;

  const form = document.getElementById("upload");
  const part = (name) => document.getElementById(`upload-${name}`);
  const say = (name, filled = {}) => form.dataset[name].replace(/\{(\w+)\}/g, (_, key) => filled[key]);
  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

  class Fault extends Error {
    constructor(message, foreign = false) { super(message); this.foreign = foreign; }  // foreign: the API's English
  }

  function size(bytes) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let step = 0;
    for (; bytes >= 1024 && step < units.length - 1; step++) bytes /= 1024;
    return `${step ? bytes.toFixed(1) : bytes} ${units[step]}`;
  }

  // --- the footer -----------------------------------------------------------------------------------------------------

  async function look(file) {
    const expected = Number(form.dataset.bytes);
    if (expected && file.size !== expected) throw new Fault(say("length", { wanted: expected, found: file.size }));
    if (file.size < FOOTER) throw new Fault(say("cookie"));
    const raw = new Uint8Array(await read(file, file.size - FOOTER, file.size));
    if (new TextDecoder("latin1").decode(raw.subarray(0, 8)) !== "conectix") throw new Fault(say("cookie"));
    const footer = new DataView(raw.buffer);
    let sum = 0;
    raw.forEach((each, at) => { if (at < 64 || at >= 68) sum += each; });
    if (footer.getUint32(64) !== (~sum >>> 0)) throw new Fault(say("checksum"));
    const kind = footer.getUint32(60);
    if (kind !== FIXED) throw new Fault(say({ [DYNAMIC]: "dynamic", [DIFFERENCING]: "differencing" }[kind] || "kind"));
    const bytes = Number(footer.getBigUint64(48));
    if (bytes + FOOTER !== file.size) throw new Fault(say("cut", { wanted: bytes + FOOTER, found: file.size }));
    if (bytes % MIB) throw new Fault(say("unaligned", { bytes, whole: Math.ceil(bytes / MIB) * MIB }));
    if (file.size < Number(form.dataset.least)) throw new Fault(say("small", { least: size(form.dataset.least - FOOTER) }));
    const most = Number(form.elements.os && form.elements.os.value ? form.dataset.mostOs : form.dataset.mostData);
    if (bytes > most) throw new Fault(say("large", { most: size(most) }));
  }

  async function read(file, from, to) {
    try { return await file.slice(from, to).arrayBuffer(); }
    catch { throw new Fault(say("unreadable")); }
  }

  // --- the portal's steps -----------------------------------------------------------------------------------------------

  async function ask(address, fields) {
    for (let left = 600; left > 0; left--) {
      let answer, told;
      try {
        answer = await fetch(address, { method: "POST", body: new URLSearchParams({ ...fields, guard: form.dataset.guard }) });
        told = await answer.json();
      } catch (error) {
        throw new Fault(say(answer ? "session" : "unreachable"));
      }
      if (told.fault) throw new Fault(told.fault, Boolean(told.code));
      if (!told.wait) return told;
      await pause(300);
    }
    throw new Fault(say("unreachable"));
  }

  // --- pages --------------------------------------------------------------------------------------------------------------

  // What of a piece is to be sent: from its first to its last sector that is not empty; null when it is all zeros.
  function filled(buffer) {
    const words = new BigUint64Array(buffer);  // pieces are whole sectors
    let first = 0, last = words.length - 1;
    while (first <= last && words[first] === 0n) first++;
    if (first > last) return null;
    while (words[last] === 0n) last--;
    return [Math.floor(first * 8 / SECTOR) * SECTOR, Math.floor(last * 8 / SECTOR) * SECTOR + SECTOR];
  }

  async function put(upload, headers, body) {
    for (let tried = 1; ; tried++) {
      let answer = null;
      try {
        answer = await fetch(`${upload.address}&comp=page`, {
          method: "PUT", body, credentials: "omit", referrerPolicy: "no-referrer",
          headers: { "x-ms-version": VERSION, ...headers },
          signal: AbortSignal.any([upload.abort.signal, AbortSignal.timeout(TIMEOUT_MS)]),
        });
      } catch (error) {
        if (upload.abort.signal.aborted) throw error;
      }
      if (answer && answer.ok) return;
      if (answer && answer.status < 500 && answer.status !== 408 && answer.status !== 429) {
        throw new Fault(`${answer.headers.get("x-ms-error-code") || answer.status}`, true);
      }
      if (tried === TRIES) throw new Fault(say("unreachable"));
      await pause(250 * 2 ** tried);
    }
  }

  function ranges(upload) {
    return Array.from({ length: Math.ceil(upload.file.size / PIECE) }, (_, index) => index * PIECE);
  }

  async function work(upload) {
    while (upload.left.length && !upload.abort.signal.aborted) {
      const from = upload.left.pop(), to = Math.min(from + PIECE, upload.file.size);
      try {
        const buffer = await read(upload.file, from, to), some = filled(buffer);
        if (some) {
          const range = `bytes=${from + some[0]}-${from + some[1] - 1}`;
          const headers = { "x-ms-page-write": "update", "x-ms-range": range, "content-type": "application/octet-stream" };
          await put(upload, headers, buffer.slice(...some));
          upload.sent += some[1] - some[0];
        }
        upload.done += to - from;
        show(upload);
      } catch (error) {
        upload.left.push(from);
        upload.abort.abort();  // the others need not go on
        throw error;
      }
    }
  }

  async function send(upload) {
    upload.abort = new AbortController();
    if (upload.stale) {
      // Somebody uploaded to it before: what is skipped now must be empty there.
      await put(upload, { "x-ms-page-write": "clear", "x-ms-range": `bytes=0-${upload.file.size - 1}` });
      upload.stale = false;
    }
    const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, () => work(upload)));
    const faults = ended.filter((each) => each.status === "rejected").map((each) => each.reason);
    if (faults.length) throw faults.find((each) => each instanceof Fault) || faults[0];
  }

  // --- what is seen ---------------------------------------------------------------------------------------------------------

  let told = 0;
  function show(upload, now = false) {
    part("bar").max = upload.file.size;
    part("bar").value = upload.done;
    const text = say("progress", { done: size(upload.done), whole: size(upload.file.size), sent: size(upload.sent) });
    part("bytes").textContent = text;
    if (now || Date.now() - told > 5000) {  // a screen reader is not to be told of every page
      told = Date.now();
      part("status").textContent = text;
    }
  }

  function complain(error) {
    const box = part("fault");
    box.textContent = error instanceof Fault ? error.message : `${say("broken")} ${error.message}`;
    box.lang = error.foreign ? "en" : document.documentElement.lang;
    box.hidden = false;
    box.focus();
  }

  function state(name) {  // idle, busy, broken
    part("start").hidden = name === "busy";
    part("start").textContent = say(name === "broken" ? "again" : "start");
    part("cancel").hidden = name === "idle";
    part("progress").hidden = name === "idle";
    for (const each of form.querySelectorAll("input, select")) each.disabled = name !== "idle";
    window.onbeforeunload = name === "busy" ? (event) => event.preventDefault() : null;
  }

  // --- all of it -------------------------------------------------------------------------------------------------------------

  let current = null;

  async function begin() {
    const file = form.elements.file.files[0];
    if (!file) throw new Fault(say("missing"));
    await look(file);
    const fields = { ...Object.fromEntries(new FormData(form)), file: file.name, bytes: file.size };
    state("busy");
    const made = form.dataset.upload || (await ask(location.pathname, fields)).upload;
    current = { file, page: made, stale: Boolean(form.dataset.upload), address: "", left: [], done: 0, sent: 0, abort: new AbortController() };
    current.left = ranges(current).reverse();
    show(current, true);
  }

  async function run() {
    part("fault").hidden = true;
    try {
      if (!current) await begin();
      const upload = current;
      state("busy");
      const { address, page: whole } = upload.address ? { address: upload.address } : await ask(upload.page, { do: "begin" });
      if (upload.cancelled) return;
      if (!address) { state("idle"); location.assign(whole); return; }  // all of it had come before the line broke
      upload.address = address;
      await send(upload);
      show(upload, true);
      const ended = await ask(upload.page, { do: "end" });
      upload.address = "";
      const { page } = await ask(upload.page, { do: "ended", operation: ended.operation });
      state("idle");
      location.assign(page);
    } catch (error) {
      if (current && current.cancelled) return;
      if (current) current.address = "";  // which may have run out
      state(current ? "broken" : "idle");
      complain(error);
    }
  }

  async function cancel() {
    const upload = current;
    if (!upload) return;
    upload.cancelled = true;
    upload.abort.abort();
    part("cancel").disabled = true;
    try {
      const { page } = await ask(upload.page, { do: form.dataset.cancel });
      state("idle");
      location.assign(page);
    } catch (error) {
      part("cancel").disabled = false;
      upload.cancelled = false;
      state("broken");
      complain(error);
    }
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); run(); });
  part("cancel").addEventListener("click", cancel);
  state("idle");
})();
