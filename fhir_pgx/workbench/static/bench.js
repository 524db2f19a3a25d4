/* The workbench in the browser: every change is drawn anew by the server (htmx does the swapping).
   What stands on the page stays in this browser: in the history entry, so that reload and the back
   button lose nothing, and in a link where it is short enough. Never in an address that is sent. */
"use strict";
(() => {
  const form = document.getElementById("bench");
  if (!form || !window.htmx) return;
  const box = form.elements.data;
  const file = form.elements.file;
  const told = document.getElementById("file-problem");
  const most = Number(form.dataset.most);
  const MOST_IN_LINK = 30000; // characters; longer addresses are cut by mail and chat
  const NOT_KEPT = new Set(["csrf_token", "file"]);
  const gene = document.getElementById("gene");
  let timer = 0;
  let after = null; // where to go once the answer is drawn

  const redraw = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => { keep(); htmx.trigger(form, "redraw"); }, wait);
  };

  // What stands in the form, as pairs of name and value.
  const fields = () =>
    [...new FormData(form)].filter(([name, value]) => typeof value === "string" && value !== "" && !NOT_KEPT.has(name) && !(name === "trouble" && value === "none"));

  const isExample = () => box.value === box.defaultValue;

  // Links and the back button

  const pack = async (text) => {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    let binary = "";
    for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
    return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  };

  const unpack = async (text) => {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const reader = stream.getReader();
    const parts = [];
    let size = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > most) throw new Error("the link unpacks to more than the server takes");
      parts.push(value);
    }
    return new Blob(parts).text();
  };

  // Only what is public stands in the query; whatever was pasted or changed stands behind the #,
  // which a browser never sends.
  const link = async () => {
    const pairs = fields();
    const isOpen = isExample() && !pairs.some(([name]) => ["fact", "medicine", "weight", "age"].includes(name));
    const address = form.getAttribute("action");
    if (isOpen) {
      const query = new URLSearchParams(pairs.filter(([name]) => name !== "data")).toString();
      return query ? `${address}?${query}` : address;
    }
    const packed = await pack(JSON.stringify(pairs));
    return packed.length <= MOST_IN_LINK ? `${address}#s=${packed}` : null;
  };

  const keep = async () => {
    const pairs = fields();
    const found = await link();
    try {
      history.replaceState({ bench: pairs }, "", found ?? form.getAttribute("action"));
    } catch {
      history.replaceState(null, "", form.getAttribute("action")); // too large for the browser
    }
    const share = document.getElementById("share");
    if (share) {
      share.disabled = found === null;
      share.dataset.link = found === null ? "" : new URL(found, location.href).href;
      document.getElementById("share-hint").hidden = found !== null;
    }
  };

  const restore = (pairs) => {
    for (const chips of form.querySelectorAll("[data-chips]")) chips.replaceChildren();
    for (const control of form.elements) {
      if (control.type === "checkbox") control.checked = false;
      else if (control.name && !NOT_KEPT.has(control.name) && control.type !== "hidden" && control.tagName !== "BUTTON") control.value = "";
    }
    form.elements.trouble.value = "none";
    gene.value = "";
    for (const [name, value] of pairs) {
      const chips = form.querySelector(`[data-chips="${CSS.escape(name)}"]`);
      if (chips) {
        const hidden = document.createElement("input");
        hidden.type = "hidden"; hidden.name = name; hidden.value = value;
        chips.append(hidden);
        continue;
      }
      const control = name === "gene" ? gene : form.elements.namedItem(name);
      if (!control || control instanceof RadioNodeList) continue;
      if (control.type === "checkbox") control.checked = true;
      else control.value = value;
    }
    redraw(0);
  };

  const begin = async () => {
    const fromLink = location.hash.startsWith("#s=") ? location.hash.slice(3) : "";
    if (history.state?.bench) { restore(history.state.bench); return; }
    if (fromLink) {
      try { restore(JSON.parse(await unpack(fromLink))); }
      catch (error) { tell(`This link cannot be opened: ${error.message || "it was cut off"}.`); }
      return;
    }
    keep();
  };

  // Files: read here into the box, so that they can be edited, and lost by nothing

  const tell = (text) => { told.textContent = text; told.hidden = !text; };

  const read = async (one) => {
    if (one.size > most) throw new Error(`${one.name} has ${mega(one.size)} MB; this server takes ${mega(most)} MB. Use the command: fhir-pgx interpret FILE`);
    if (!one.size) throw new Error(`${one.name} is empty`);
    const head = new Uint8Array(await one.slice(0, 4).arrayBuffer());
    const begins = String.fromCharCode(...head);
    const known = SEALED.find(([sign]) => begins.startsWith(sign));
    if (known) throw new Error(`${one.name} is ${known[1]}`);
    const isPacked = begins.startsWith("\x1f\x8b");
    const stream = isPacked ? one.stream().pipeThrough(new DecompressionStream("gzip")) : one.stream();
    const parts = [];
    let size = 0;
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read().catch(() => { throw new Error(isPacked ? `${one.name} is damaged: it cannot be unpacked to its end` : `${one.name} could not be read`); });
      if (done) break;
      size += value.length;
      if (size > most) { await reader.cancel(); throw new Error(`${one.name} unpacks to more than ${mega(most)} MB, which is what this server takes. Use the command: fhir-pgx interpret FILE`); }
      parts.push(value);
    }
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
    const order = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
    let text = "";
    try { text = new TextDecoder(order, { fatal: true }).decode(bytes); }
    catch { throw new Error(`${one.name} is no text in UTF-8: save it so, or send the FHIR JSON, XML or VCF it was made from`); }
    if (text.includes("\0")) throw new Error(`${one.name} is no text: send FHIR JSON, XML or a VCF`);
    if (!text.trim()) throw new Error(`${one.name} is empty`);
    return text;
  };

  // Files that hold no text, by their first bytes.
  const SEALED = [
    ["%PDF", "a PDF: what a report prints cannot be read as data. Send the FHIR, XML or VCF that it was made from"],
    ["PK\x03\x04", "a ZIP archive: unpack it, and drop what is in it"],
    ["\x89PNG", "a picture: send FHIR JSON, XML or a VCF"],
    ["\xff\xd8\xff", "a picture: send FHIR JSON, XML or a VCF"],
    ["BCF\x02", "a BCF file: write it as VCF (bcftools view) first"],
  ];

  const mega = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

  const take = async (files) => {
    tell("");
    try {
      const texts = [];
      for (const one of files) texts.push(await read(one));
      if (!texts.length) return;
      box.value = texts.length === 1 ? texts[0] : joined(texts);
      form.elements.example.value = "";
      gene.value = "";
      redraw(0);
    } catch (error) {
      tell(`${(error.message || "The file could not be read").replace(/[.]$/, "")}. The page still shows the data from before.`);
    }
    file.value = "";
  };

  // Several files are one patient: their resources in one Bundle.
  const joined = (texts) => {
    const resources = texts.map((text) => { try { return JSON.parse(text); } catch { throw new Error("Several files at once are taken where each is FHIR JSON. Drop the others alone."); } });
    const entry = resources.flatMap((each) => (each.resourceType === "Bundle" ? each.entry ?? [] : [{ resource: each }]));
    return JSON.stringify({ resourceType: "Bundle", type: "collection", entry }, null, 2);
  };

  for (const name of ["dragenter", "dragover"]) document.addEventListener(name, (event) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
  document.addEventListener("drop", (event) => {
    document.body.classList.remove("dropping");
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  file.addEventListener("change", () => take(file.files));

  // Changes

  document.addEventListener("input", (event) => {
    const control = event.target;
    if (control.form !== form || control === file || control.dataset.when === "change") return;
    if (control.name === "example") { location.assign(`${form.getAttribute("action")}?example=${encodeURIComponent(control.value)}`); return; }
    if (control === box) { form.elements.example.value = ""; tell(""); } // no example any more
    redraw(control === box ? 250 : 25);
  });
  document.addEventListener("change", (event) => {
    const control = event.target;
    if (control.form !== form || control.dataset.when !== "change" || !control.value) return;
    redraw(0);
  });
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.hasAttribute("formaction")) return; // a download, by the browser itself
    event.preventDefault();
    if (button?.name === "gene") { gene.value = button.value; after = "gene-part"; }
    if (button?.name?.startsWith("remove-")) {
      const field = button.closest(".field, section").querySelector("input:not([type=hidden]), summary");
      button.closest("li")?.remove();
      field?.focus(); // the button that held the focus is gone
    }
    redraw(0);
  });

  form.addEventListener("applied", () => { form.elements.example.value = ""; after = "cards-part"; redraw(0); });

  // What was unfolded stays so: the server draws each part as it stands at first.
  const unfolded = new Map();
  const named = (details) => {
    const part = details.closest("[id]:not(details)")?.id ?? "";
    return `${part} ${details.id || details.querySelector("summary")?.textContent.replace(/\d+/g, "").trim()}`;
  };
  document.addEventListener("click", (event) => { // a key on a summary clicks too
    const details = event.target.closest?.("#answer summary")?.parentElement;
    if (details) unfolded.set(named(details), !details.open);
  });
  // What was offered has been taken up: the server drew it as a chip.
  document.addEventListener("htmx:after:swap", () => {
    for (const details of document.querySelectorAll("#answer details")) details.open = unfolded.get(named(details)) ?? details.open;
    if (after) { const part = document.getElementById(after); part?.scrollIntoView(); part?.focus({ preventScroll: true }); after = null; }
    for (const control of document.querySelectorAll("[data-when='change']")) if (control.form === form) control.value = "";
    keep();
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-goto]");
    if (!button) return;
    if (button.dataset.goto) { goTo(Number(button.dataset.goto)); return; }
    const source = button.id === "share" ? button.dataset.link : document.getElementById(button.dataset.copy)?.textContent;
    const said = button.querySelector("[data-said]") ?? button;
    const before = said.textContent;
    try { await navigator.clipboard.writeText(source ?? ""); said.textContent = "Copied"; }
    catch { said.textContent = "Not copied: select and copy it by hand"; }
    setTimeout(() => { said.textContent = before; }, 2000);
  });

  const goTo = (line) => {
    const lines = box.value.split("\n");
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    box.focus();
    box.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
    box.scrollTop = (line - 3) * (box.scrollHeight / Math.max(lines.length, 1));
  };

  document.body.classList.add("scripted");
  window.addEventListener("pageshow", (event) => { if (event.persisted) begin(); }); // kept whole by the browser
  begin();
})();
