// What the pages do in the browser beyond htmx. Without it everything still works, by plain forms and links.

const root = document.documentElement;
const question = document.getElementById("question");
const answer = document.getElementById("answer");
const help = document.getElementById("help");

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

function focusQuestion() {
  question?.focus();
  question?.select();
}

function clearAnswer() {
  answer.replaceChildren();
  question.value = "";
  focusQuestion();
}

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

const KEYS = "single-key-shortcuts";
const keysSwitch = document.querySelector("[data-keys-switch]");
const remembered = { get: () => null, set: () => {} };
try {
  remembered.get = () => localStorage.getItem(KEYS);
  remembered.set = (value) => localStorage.setItem(KEYS, value);
  remembered.get();
} catch {
  remembered.get = () => null; // storage is switched off: the choice lasts as long as the page
}
let keysOn = remembered.get() !== "off";
if (keysSwitch) keysSwitch.checked = keysOn;

const SECTIONS = { t: "main", v: "visits", o: "outbox" };
let goingUntil = 0;

function go(id) {
  const section = document.getElementById(id);
  section?.scrollIntoView();
  section?.focus({ preventScroll: true });
}

function onKey(event) {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (!keysOn || typing || event.ctrlKey || event.metaKey || event.altKey || help?.open) return;
  if (event.timeStamp < goingUntil && SECTIONS[event.key]) {
    goingUntil = 0;
    go(SECTIONS[event.key]);
  } else if (event.key === "g") {
    goingUntil = event.timeStamp + 1500;
  } else if (event.key === "/") {
    focusQuestion();
  } else if (event.key === "?") {
    help?.showModal();
  } else if (event.key === "d") {
    toggleTheme();
  } else {
    return;
  }
  event.preventDefault();
}

// ── Wiring ───────────────────────────────────────────────────────────────────────────────────────

// Controls that do nothing without script are hidden until it runs.
function reveal(within) {
  const needScript = "[data-open-help], [data-theme-toggle], [data-clear-answer], [data-dismiss]";
  for (const control of within.querySelectorAll(needScript)) control.hidden = false;
}

document.addEventListener("click", (event) => {
  const on = (name) => event.target.closest(`[data-${name}]`);
  if (on("theme-toggle")) toggleTheme();
  else if (on("open-help")) help?.showModal();
  else if (on("clear-answer")) clearAnswer();
  else if (on("dismiss")) on("dismiss").closest(".notice").remove();
  else if (on("focus-ask")) setTimeout(focusQuestion);
  else if (event.target === help) help.close();
});
document.addEventListener("keydown", onKey);
keysSwitch?.addEventListener("change", () => {
  keysOn = keysSwitch.checked;
  remembered.set(keysOn ? "on" : "off");
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const asked = event.detail.requestConfig.parameters.question;
  if (question && asked) question.value = asked;
});
document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  reveal(target);
  // What had the focus may be gone with the old content; the section it stood in takes it.
  if (document.activeElement === document.body) target.closest("[tabindex]")?.focus({ preventScroll: true });
});
document.addEventListener("htmx:sendError", () => {
  const toast = document.createElement("div");
  toast.className = "notice bad";
  toast.setAttribute("role", "alert");
  toast.textContent = "No connection. Nothing was sent; try again.";
  document.getElementById("toasts").append(toast);
  setTimeout(() => toast.remove(), 8000);
});
reveal(document);
