// What the pages do in the browser beyond htmx. Without it everything still works, by plain forms and links.
//
//   data-dialog        a link whose page opens in the dialogue        data-close     closes the dialogue it stands in
//   data-palette       opens the palette                              data-bell      opens the notifications
//   data-go="l"        where `g` `l` leads                            data-create    what `c` does on this page
//   data-draft="key"   a form whose text is kept until it was taken   data-needs-script  hidden without script
//   data-keep="phone"  kept even if the browser ends                  data-only-without-script  the other way round

const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const dialog = byId("dialog");
const palette = byId("palette");
const help = byId("help");
const bell = byId("bell");

function stored(storage) {
  try {
    storage().getItem("");
    return storage();
  } catch {
    return { getItem: () => null, setItem: () => {}, removeItem: () => {} }; // storage is switched off
  }
}
const forGood = stored(() => localStorage);
const forThisTab = stored(() => sessionStorage);

// ── Light and dark ───────────────────────────────────────────────────────────────────────────────

function toggleTheme() {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  // A cookie, so that the server sends the next page in the right colours at once.
  document.cookie = `theme=${root.dataset.theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

// ── Asking ───────────────────────────────────────────────────────────────────────────────────────

const question = byId("question");

function focusQuestion() {
  question?.focus();
  question?.select();
}

function clearAnswer() {
  byId("answer").replaceChildren();
  question.value = "";
  focusQuestion();
}

// ── Dialogue, palette, bell ──────────────────────────────────────────────────────────────────────

async function openDialog(address) {
  palette?.close();
  await window.htmx.ajax("GET", address, { target: "#dialog-body", swap: "innerHTML" });
  if (!byId("dialog-body").firstElementChild) return;
  if (!dialog.open) dialog.showModal();
  const first = dialog.querySelector("[autofocus], .sheet-body input:not([type=hidden]), .sheet-body select, .sheet-body textarea");
  first?.focus();
}

function openPalette() {
  if (palette.open) return;
  const input = palette.querySelector("input");
  palette.showModal();
  input.value = "";
  input.focus();
  window.htmx.trigger(input, "opened");
}

function onPaletteKey(event) {
  const hits = [...palette.querySelectorAll("[data-hit]")];
  const here = hits.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const next = here + (event.key === "ArrowDown" ? 1 : -1);
    (hits[next] ?? palette.querySelector("input")).focus();
  } else if (event.key === "Enter" && here < 0 && hits.length) {
    (hits.find((hit) => hit.matches("a")) ?? hits[0]).click();
  } else {
    return;
  }
  event.preventDefault();
}

function openBell() {
  bell.showPopover();
  window.htmx.trigger(bell, "opened");
}

// ── Toasts ───────────────────────────────────────────────────────────────────────────────────────

const TOAST_MS = 6000;

// Stays while it is looked at; a refusal stays until it is closed.
function leaveInTime(toast) {
  if (toast.matches(".bad")) return;
  let timer;
  const start = () => (timer = setTimeout(() => toast.remove(), TOAST_MS));
  for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, start);
  start();
}

export function toast({ text, undo = null, bad = false }) {
  const made = document.createElement("div");
  made.className = bad ? "toast bad" : "toast";
  if (bad) made.setAttribute("role", "alert");
  const said = document.createElement("p");
  said.textContent = text;
  made.append(said);
  if (undo) {
    const form = byId("toast-undo").content.firstElementChild.cloneNode(true);
    form.action = `/undo/${undo}`;
    form.elements.back.value = location.pathname + location.search;
    made.append(form);
  }
  byId("toasts").append(made);
  leaveInTime(made);
}

// ── Drafts ───────────────────────────────────────────────────────────────────────────────────────

const draftKey = (form) => `draft:${form.dataset.draft}`;
const draftPlace = (form) => (form.dataset.keep === "phone" ? forGood : forThisTab);
const isText = (field) => field.name && !["hidden", "password", "file", "submit"].includes(field.type);

function keepDraft(form) {
  const values = {};
  for (const field of form.elements) {
    if (!isText(field)) continue;
    if (field.type === "checkbox" || field.type === "radio") {
      if (field.checked) (values[field.name] ??= []).push(field.value);
    } else if (field.value !== field.defaultValue) values[field.name] = field.value;
  }
  draftPlace(form).setItem(draftKey(form), JSON.stringify(values));
}

function giveDraftBack(within) {
  for (const form of within.querySelectorAll("form[data-draft]:not([data-refused])")) {
    const kept = draftPlace(form).getItem(draftKey(form));
    if (!kept) continue;
    for (const [name, value] of Object.entries(JSON.parse(kept))) {
      for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (Array.isArray(value)) field.checked = value.includes(field.value);
        else if (isText(field)) field.value = value;
      }
    }
  }
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-draft]");
  if (form) keepDraft(form);
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-draft]");
  if (form) forThisTab.setItem("draft-sent", draftKey(form));
});

// What was sent is known to be kept once the answer says so: then its draft goes.
function draftWasTaken() {
  const sent = forThisTab.getItem("draft-sent");
  if (sent) forThisTab.removeItem(sent);
  forThisTab.removeItem("draft-sent");
}

export const dropDraft = (form) => draftPlace(form).removeItem(draftKey(form));

// ── Signing out ──────────────────────────────────────────────────────────────────────────────────

// What this device shows without a signal is one person's: it goes with them. What they did and was not sent yet stays,
// under their name, and is sent when they sign in again (queue.js).
function forgetTheDay() {
  globalThis.caches?.delete("road-day");
}

function forgetDrafts() {
  for (const key of Object.keys(localStorage)) if (key.startsWith("draft:")) localStorage.removeItem(key);
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[action='/sign-out']")) return;
  forgetTheDay();
  forgetDrafts();
});
if (location.pathname === "/sign-in") forgetTheDay();

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

const KEYS = "single-key-shortcuts";
const keysSwitch = document.querySelector("[data-keys-switch]");
let keysOn = forGood.getItem(KEYS) !== "off";
if (keysSwitch) keysSwitch.checked = keysOn;
let goingUntil = 0;

export const isTyping = (event) => Boolean(event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]"));
export const keysApply = (event) =>
  keysOn && !event.ctrlKey && !event.metaKey && !event.altKey && !document.querySelector("dialog[open]");

function onKey(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette) {
    event.preventDefault();
    return openPalette();
  }
  if (!keysApply(event) || isTyping(event) || event.defaultPrevented) return;
  const target = event.timeStamp < goingUntil && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
  goingUntil = 0;
  if (target) target.click();
  else if (event.key === "g") goingUntil = event.timeStamp + 1500;
  else if (event.key === "/") question ? focusQuestion() : openPalette();
  else if (event.key === "?") help?.showModal();
  else if (event.key === "d") toggleTheme();
  else if (event.key === "c") document.querySelector("[data-create]")?.click();
  else return;
  event.preventDefault();
}

// ── Wiring ───────────────────────────────────────────────────────────────────────────────────────

// Controls that do nothing without script are hidden until it runs.
const NEED_SCRIPT = "[data-open-help], [data-theme-toggle], [data-clear-answer], [data-dismiss], [data-needs-script]";
export function settle(within) {
  for (const control of within.querySelectorAll(NEED_SCRIPT)) control.hidden = false;
  for (const control of within.querySelectorAll("[data-only-without-script]")) control.hidden = true;
  giveDraftBack(within);
}

const CLICKS = {
  "theme-toggle": toggleTheme,
  "open-help": () => help?.showModal(),
  "clear-answer": clearAnswer,
  dismiss: (on) => on.closest(".toast, .notice").remove(),
  close: (on) => on.closest("dialog").close(),
  "focus-ask": () => setTimeout(focusQuestion),
};
const LINKS = { dialog: (on) => openDialog(on.getAttribute("href")), palette: openPalette, bell: openBell };

document.addEventListener("click", (event) => {
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
  for (const [name, act] of Object.entries(LINKS)) {
    const on = event.target.closest(`[data-${name}]`);
    if (!on || !plain || !window.htmx) continue;
    event.preventDefault();
    return act(on);
  }
  for (const [name, act] of Object.entries(CLICKS)) {
    const on = event.target.closest(`[data-${name}]`);
    if (on) return act(on);
  }
  if (event.target.matches("dialog")) event.target.close(); // the backdrop
});
document.addEventListener("keydown", onKey);
palette?.addEventListener("keydown", onPaletteKey);
keysSwitch?.addEventListener("change", () => {
  keysOn = keysSwitch.checked;
  forGood.setItem(KEYS, keysOn ? "on" : "off");
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const asked = event.detail.requestConfig.parameters.question;
  if (question && asked) question.value = asked;
});
document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  settle(target);
  if (target.id === "found" && palette.open && !palette.contains(document.activeElement)) palette.querySelector("input").focus();
  if (target.id === "toasts") for (const one of target.children) leaveInTime(one);
  // What had the focus may be gone with the old content; the section it stood in takes it.
  if (document.activeElement === document.body) target.closest("[tabindex]")?.focus({ preventScroll: true });
});
document.addEventListener("toast", (event) => {
  draftWasTaken();
  toast(event.detail);
});
document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.elt.matches("[data-pick]")) return; // no names to pick from; what is typed counts all the same
  toast({ text: "No connection. Nothing was sent, and what you typed is still here.", bad: true });
});

const said = document.querySelector("[data-toast]");
if (said) {
  draftWasTaken();
  leaveInTime(said);
  const here = new URL(location.href);
  here.searchParams.delete("done"); // said once; reloading does not say it again
  history.replaceState(history.state, "", here);
}
settle(document);
