// The road without a signal: what is done at a door is kept on the phone first, then sent, and sent again until the
// server says that it has it. The key of each form makes sure that it counts once.
//
//   data-queue="check-in"   a form that is kept and sent      data-photos   a form whose pictures are
//   data-at                 the stop on top                   data-stops    all open stops, as the phone keeps them

import { dropDraft, settle, toast } from "./app.js";

const PATH = "/crm/visits/today";
const page = document.querySelector("[data-road]");
const USER = page.dataset.user;
const DRAWN = Date.parse(page.dataset.drawn);
const LATER = [408, 412, 425, 429]; // and 5xx: the same again may well succeed
const PATIENCE = 30000; // milliseconds; a photo over a weak signal takes that long
const RETRY = 20000;
const WORDS = { "check-in": "Check-in", "check-out": "Outcome", photo: "Photo" };
const on = (selector, within = page) => within.querySelector(selector);
const newKey = () => crypto.randomUUID?.() ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
  (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));

// ── What waits ───────────────────────────────────────────────────────────────────────────────────
//
// An entry: n (its place), key, user, kind, path, fields, photo, visit (the check-in's id), stop, account, name, at,
// refused (why, or null), done (the server's clock when it was taken, or null).

let opening;
function database() {
  return (opening ??= new Promise((done, fail) => {
    const asked = indexedDB.open("rounds-road", 1);
    asked.onupgradeneeded = () =>
      asked.result.createObjectStore("entries", { keyPath: "n", autoIncrement: true }).createIndex("key", "key", { unique: true });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  }));
}

async function store(mode, act) {
  // "strict": what the page says is kept is on the disk, even if the phone dies in the next moment.
  const change = (await database()).transaction("entries", mode, { durability: "strict" });
  const asked = act(change.objectStore("entries"));
  return new Promise((done, fail) => {
    change.oncomplete = () => done(asked.result);
    change.onabort = () => fail(change.error);
  });
}

const keep = (entry) => store("readwrite", (entries) => entries.put(entry));
const drop = (entry) => store("readwrite", (entries) => entries.delete(entry.n));
const mine = async () => (await store("readonly", (entries) => entries.getAll())).filter((one) => one.user === USER);

// ── Taking ───────────────────────────────────────────────────────────────────────────────────────

function entryOf(form, photo) {
  const given = Object.fromEntries([...new FormData(form)].filter(([name, value]) => name !== "csrf_token" && typeof value === "string"));
  const path = new URL(form.action).pathname;
  const at = new Date();
  if (photo) given.once = newKey();
  else given.at = at.toISOString();
  return {
    key: given.once, user: USER, kind: photo ? "photo" : form.dataset.queue, path, photo,
    fields: given, visit: given.id ?? path.split("/").at(-2), stop: given.activity_id, account: given.account_id,
    name: form.dataset.name || given.named || on("[data-at] h2")?.textContent.trim() || "", at: at.getTime(),
    refused: null, done: null,
  };
}

async function take(form) {
  try {
    await keep(entryOf(form));
  } catch (fault) {
    if (fault?.name === "ConstraintError") return; // a second tap: the first is kept
    return form.submit(); // a browser that keeps nothing sends it the plain way
  }
  dropDraft(form);
  navigator.storage?.persist?.();
  await arrange();
  await flush(true);
}

addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-queue]");
  if (!form || event.defaultPrevented) return;
  event.preventDefault();
  take(form);
});

// A photo of 12 megapixels says no more than one of two, and takes a minute where the signal is weak.
async function shrunk(file) {
  try {
    const picture = await createImageBitmap(file);
    const share = Math.min(1, 1600 / Math.max(picture.width, picture.height));
    const canvas = new OffscreenCanvas(Math.round(picture.width * share), Math.round(picture.height * share));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/jpeg", quality: 0.82 });
  } catch {
    return file;
  }
}

document.addEventListener("change", async (event) => {
  const form = event.target.closest("form[data-photos]");
  if (!form || event.target.type !== "file") return;
  const files = [...event.target.files];
  event.target.value = "";
  for (const file of files) {
    const body = await shrunk(file);
    const name = body === file ? file.name : `visit-${new Date().toISOString().slice(0, 19).replace(/\D/g, "")}.jpg`;
    await keep(entryOf(form, { name, body })).catch(() => toast({ text: "This phone has no room for the photo.", bad: true }));
  }
  await arrange();
  await flush();
});

// ── Sending ──────────────────────────────────────────────────────────────────────────────────────

let sending = null;
let state = ""; // "", "no signal", "signed out"

async function ask(path, options = {}) {
  const headers = { Accept: "application/json", ...options.headers };
  return fetch(path, { ...options, headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
}

function send(entry, token) {
  const body = new FormData();
  for (const [name, value] of Object.entries(entry.fields)) body.append(name, value);
  if (entry.photo) body.append("photo", entry.photo.body, entry.photo.name);
  // What goes along to another page is still sent to its end; browsers do so for little things alone.
  return ask(entry.path, { method: "POST", body, headers: { "X-CSRF-Token": token }, keepalive: !entry.photo });
}

// A sentence of ours about why not. What somebody else's network answers in our place is no refusal.
async function reason(answer) {
  if (!answer.headers.get("content-type")?.startsWith("application/problem+json")) return null;
  const problem = await answer.json();
  return problem.errors?.length ? problem.errors.map((one) => `${one.field}: ${one.message}`).join("; ") : problem.detail;
}

// Whether the answer settles the entry: taken, or refused for a reason.
async function settled(entry, answer) {
  if (answer.ok) {
    const told = await answer.json().catch(() => null);
    if (!told?.at) return false;
    entry.done = Date.parse(told.at);
  } else {
    if (answer.status >= 500 || LATER.includes(answer.status)) return false;
    entry.refused = await reason(answer);
    if (!entry.refused) return false;
  }
  await keep(entry);
  return true;
}

async function sendAll() {
  const entries = await mine();
  if (!entries.some((one) => !one.done && !one.refused) && state !== "no signal") return 0;
  const answer = await ask(`${PATH}/me`);
  if (answer.status === 401) throw new Error("signed out");
  if (!answer.ok) throw new Error("no signal");
  const who = await answer.json();
  if (who.user_id !== USER) return location.reload();
  let taken = 0;
  for (const entry of entries) {
    const before = entries.find((one) => one.visit === entry.visit && one.refused && one.n < entry.n);
    if (entry.done || entry.refused || before) continue;
    const told = await send(entry, who.csrf_token);
    if (told.status === 401) throw new Error("signed out");
    if (!(await settled(entry, told))) throw new Error("no signal");
    if (entry.done) taken += 1;
  }
  return taken;
}

async function flush(tapped = false) {
  sending ??= sendAll()
    .then((taken) => ((state = ""), taken))
    .catch((fault) => ((state = fault.message === "signed out" ? "signed out" : "no signal"), 0))
    .finally(() => (sending = null));
  const taken = await sending;
  await arrange();
  const left = (await mine()).some((one) => !one.done);
  if (!taken && !tapped) return;
  if (tapped && !state && !left) return location.replace(PATH); // the page as the server sees it now
  if (!state) await carry();
}

// ── What the page shows meanwhile ────────────────────────────────────────────────────────────────

let stops = null; // the open stops, as the server drew them last
let settledAt = "";

async function carry() {
  try {
    const answer = await fetch(`${PATH}/stops`, { signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok || answer.redirected) return;
    if (answer.headers.has("X-Kept")) state ||= "no signal";
    const drawn = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-stops]");
    if (drawn?.dataset.user === USER) stops = drawn;
  } catch {
    state ||= "no signal";
  }
}

const clockOf = (at) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: page.dataset.zone }).format(at);
const template = (look) => stops?.querySelector(`template${look}`);

function show(look, made, change = () => {}) {
  if (settledAt === look || !made) return;
  settledAt = look;
  let at = on("[data-at]");
  if (!at) {
    at = document.createElement("section");
    at.className = "card";
    page.prepend(at);
  }
  const card = document.createElement("section");
  card.className = look === "finished" ? "card" : "card at";
  card.dataset.at = "";
  card.append(made.content.cloneNode(true));
  change(card);
  card.setAttribute("aria-labelledby", on("h2", card)?.id ?? "");
  for (const form of card.querySelectorAll("form")) {
    if (form.elements.once) form.elements.once.value = newKey();
    if (form.elements.id) form.elements.id.value = newKey();
  }
  at.replaceWith(card);
  settle(card);
  scrollTo({ top: 0 });
}

function showHere(begun) {
  const of = begun.stop ? `[data-stop="${begun.stop}"]` : `[data-account="${begun.account || "-"}"]`;
  const made = template(`[data-state="here"]${of}`) ?? template('[data-state="elsewhere"]');
  show(`here ${begun.visit}`, made, (card) => {
    on("[data-since]", card).textContent = clockOf(begun.at);
    on("[data-proof]", card).textContent = "Kept on this phone";
    const named = on("[data-named]", card);
    if (named) named.textContent = begun.name;
    for (const form of card.querySelectorAll("form")) {
      form.action = form.getAttribute("action").replace("check-ins//", `check-ins/${begun.visit}/`);
      form.dataset.name = begun.name;
      if (form.dataset.draft) form.dataset.draft += begun.visit;
    }
  });
}

function markMade(stop, name) {
  const line = on(`[data-ahead] [data-stop="${stop}"]`) ?? null;
  if (line) line.hidden = true;
  const made = on("[data-made]");
  if (!made || made.querySelector(`[data-of="${stop}"]`)) return;
  const item = document.createElement("li");
  item.className = "stop done";
  item.dataset.of = stop;
  item.innerHTML = '<span class="pin" aria-hidden="true">✓</span><div class="stop-body"><p class="stop-name"><bdi></bdi></p></div>';
  on("bdi", item).textContent = name;
  on("ul", made).append(item);
  made.hidden = false;
  for (const count of document.querySelectorAll("[data-made-count]")) count.textContent = Number(count.textContent) + 1;
}

// The page as it is after everything that was done here, sent or not. What the page knows already changes nothing.
async function arrange() {
  const entries = await mine();
  const ins = entries.filter((one) => one.kind === "check-in");
  const over = new Map(entries.filter((one) => one.kind === "check-out").map((one) => [one.visit, one]));
  const drawnHere = page.dataset.here ??= on("[data-at]")?.dataset.here ?? "";
  const drawnVisit = page.dataset.visit ??= on("[data-at]")?.dataset.visit ?? "";
  const begun = ins.findLast((one) => !over.has(one.visit));
  for (const one of ins) if (over.has(one.visit) && one.stop) markMade(one.stop, one.name);
  if (drawnHere && over.has(drawnHere)) markMade(drawnVisit, over.get(drawnHere).name);
  const isHere = begun || (drawnHere && !over.has(drawnHere));
  on("[data-elsewhere]")?.toggleAttribute("hidden", Boolean(isHere));
  if (begun && begun.visit !== drawnHere) showHere(begun);
  else if (!isHere) showNext([...ins.map((one) => one.stop), ...(over.has(drawnHere) ? [drawnVisit] : [])], over.size > 0);
  showPhotos(entries, begun?.visit ?? drawnHere);
  showWaiting(entries);
}

function showNext(gone, anyOver) {
  const left = [...(stops?.querySelectorAll('template[data-state="next"]') ?? [])].filter((one) => !gone.includes(one.dataset.stop));
  const drawn = on("[data-at]")?.dataset.next;
  if (drawn && !gone.includes(drawn)) return;
  if (left.length) {
    show(`next ${left[0].dataset.stop}`, left[0]);
    const line = on(`[data-ahead] [data-stop="${left[0].dataset.stop}"]`);
    if (line) line.hidden = true;
  } else if (anyOver) show("finished", template('[data-state="finished"]'));
  const ahead = on("[data-ahead]");
  if (ahead) ahead.hidden = !ahead.querySelector("[data-stop]:not([hidden])");
}

function showPhotos(entries, visit) {
  const list = on("[data-photos] .photos");
  if (!list) return;
  for (const one of entries) {
    if (one.kind !== "photo" || one.visit !== visit || one.done < DRAWN && one.done) continue;
    let item = list.querySelector(`[data-photo="${one.n}"]`);
    if (!item) {
      item = document.createElement("li");
      item.dataset.photo = one.n;
      const picture = new Image(64, 64);
      picture.src = URL.createObjectURL(one.photo.body);
      item.append(picture);
      list.append(item);
    }
    item.className = one.done ? "" : "waits";
    on("img", item).alt = one.done ? "Photo, sent" : "Photo, waits to be sent";
  }
}

function showWaiting(entries) {
  const left = entries.filter((one) => !one.done);
  const refused = left.filter((one) => one.refused);
  on("[data-waiting]").hidden = left.length === 0;
  on("[data-no-signal]").hidden = state !== "no signal";
  const kept = left.length - refused.length;
  const words = [];
  if (refused.length) words.push(`${refused.length} refused`);
  if (kept) words.push(sending ? `Sending ${kept}…` : state === "signed out" ? `Sign in to send ${kept}` : `${kept} wait${kept === 1 ? "s" : ""} to be sent`);
  on("[data-waiting-title]").textContent = words.join(" · ");
  const now = on("[data-send-now]");
  now.textContent = state === "signed out" ? "Sign in" : "Send now";
  now.hidden = !kept;
  if (on(".mend")) return; // somebody is typing there
  on("[data-waiting-list]").replaceChildren(...left.map((one) => lineOf(one, refused)));
}

function lineOf(entry, refused) {
  const line = document.getElementById("waiting-line").content.firstElementChild.cloneNode(true);
  const behind = refused.find((one) => one.visit === entry.visit && one.n < entry.n);
  on("[data-what]", line).textContent = WORDS[entry.kind];
  on("[data-name]", line).textContent = entry.name;
  on("[data-when]", line).textContent = clockOf(entry.at);
  on("[data-state]", line).textContent = entry.refused ?? (behind ? "Waits for the check-in before it." : entry.fields.outcome ?? "");
  line.classList.toggle("bad", Boolean(entry.refused));
  on("[data-acts]", line).hidden = !entry.refused;
  on("[data-mend]", line).hidden = entry.kind === "photo";
  on("[data-mend]", line).onclick = () => mend(line, entry);
  on("[data-again]", line).onclick = () => again(entry);
  on("[data-throw-away]", line).onclick = () => throwAway(entry);
  return line;
}

// ── What was refused ─────────────────────────────────────────────────────────────────────────────

async function again(entry, changed = false) {
  if (changed) entry.fields.once = entry.key = newKey(); // another text under the old key would be refused for that
  await keep({ ...entry, refused: null });
  await flush(true);
}

function localTime(at) {
  const parts = new Date(at - new Date(at).getTimezoneOffset() * 60000);
  return parts.toISOString().slice(0, 19);
}

function mend(line, entry) {
  const form = document.getElementById("mend").content.firstElementChild.cloneNode(true);
  for (const field of [...form.elements].filter((one) => one.name)) {
    const has = field.name === "at" || (field.name in entry.fields && (field.name !== "activity_id" || entry.fields.activity_id));
    if (!has) field.closest("label").remove();
    else if (field.type !== "checkbox") field.value = field.name === "at" ? localTime(entry.at) : entry.fields[field.name];
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    for (const [name, value] of new FormData(form)) entry.fields[name] = value;
    entry.at = new Date(form.elements.at.value).getTime();
    entry.fields.at = new Date(entry.at).toISOString();
    form.remove();
    await again(entry, true);
  });
  on("[data-leave]", form).onclick = () => { form.remove(); arrange(); };
  on("[data-acts]", line).replaceWith(form);
  on("textarea, input", form).focus();
}

async function throwAway(entry) {
  const with_it = entry.kind === "check-in" ? (await mine()).filter((one) => one.visit === entry.visit && !one.done) : [entry];
  const what = with_it.map((one) => WORDS[one.kind].toLowerCase()).join(", ");
  if (!confirm(`Throw away for good: ${what} at ${entry.name}?`)) return;
  for (const one of with_it) await drop(one);
  location.reload();
}

// ── Wiring ───────────────────────────────────────────────────────────────────────────────────────

on("[data-send-now]").addEventListener("click", () => (state === "signed out" ? location.assign(PATH) : flush(true)));
addEventListener("online", () => flush());
setInterval(() => state === "no signal" && document.visibilityState === "visible" && flush(), RETRY);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && flush());

async function begin() {
  for (const one of await mine()) if (one.done && (DRAWN > one.done || Date.now() - one.at > 86400000)) await drop(one);
  const isNew = await watched();
  await carry();
  await arrange();
  await flush();
  // The very first visit was not seen by the worker: once more, so that it is kept.
  if (isNew) await fetch(PATH, { signal: AbortSignal.timeout(PATIENCE) }).catch(() => {});
}

// Once the worker looks after this page; true where it does so from now on. Browsers have none on plain HTTP.
async function watched() {
  const workers = navigator.serviceWorker;
  if (!workers) return false;
  const isNew = !workers.controller;
  const taken = new Promise((done) => {
    workers.addEventListener("controllerchange", done, { once: true });
    setTimeout(done, 5000);
  });
  const registered = await workers.register("/crm/visits/worker.js").catch(() => null);
  if (isNew && registered) await taken;
  return isNew;
}

begin();
