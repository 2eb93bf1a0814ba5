// Stops carried to another place of their day, or to another day: by mouse or thumb on their handle, or by keys. Here
// they only change places; what that does to the day the server says, or why it cannot be.

const list = document.getElementById("stops");
const form = document.getElementById("move-form");
const said = document.getElementById("drag-said");
const days = [...document.querySelectorAll("[data-day-plan]")];
const EDGE = 72; // pixels from the edge of the window where a carried stop scrolls the page
let held = null;

const stops = () => [...list.querySelectorAll("[data-account]")];
const placeOf = (stop) => stops().indexOf(stop) + 1;
const nameOf = (stop) => stop.querySelector(".stop-name").textContent.trim();
const tell = (text) => (said.textContent = text);

function lift(stop) {
  held = { stop, from: placeOf(stop), before: stop.nextElementSibling, day: null, first: Number(stops()[0].dataset.stop) };
  stop.classList.add("lifted");
  list.classList.add("carrying");
  for (const day of days) day.classList.add("open");
  tell(`${nameOf(stop)} is lifted, place ${held.from} of ${stops().length}.`);
}

// Its number says where it would come; the times are wrong until the server has worked them out.
function number() {
  stops().forEach((stop, index) => (stop.querySelector(".pin").textContent = held.first + index));
}

function aim(day) {
  held.day?.classList.remove("aimed");
  held.day = day;
  day?.classList.add("aimed");
}

function swap(with_, after) {
  if (!with_ || with_ === held.stop) return;
  with_[after ? "after" : "before"](held.stop);
  number();
}

function letGo() {
  const { stop, before } = held;
  list.insertBefore(stop, before);
  number();
  drop();
  tell(`${nameOf(stop)} is back where it was.`);
}

function drop() {
  aim(null);
  held.stop.classList.remove("lifted");
  list.classList.remove("carrying");
  for (const day of days) day.classList.remove("open");
  held = null;
}

function put() {
  const { stop, from, day } = held;
  const place = placeOf(stop);
  drop();
  if (!day && place === from) return tell(`${nameOf(stop)} stays where it is.`);
  tell(day ? `${nameOf(stop)} goes to ${day.dataset.name}.` : `${nameOf(stop)} goes to place ${place}.`);
  stop.classList.add("moving");
  form.elements.account_id.value = stop.dataset.account;
  form.elements.to.value = day?.dataset.dayPlan ?? "";
  form.elements.position.value = day ? "" : place;
  form.requestSubmit();
}

// ── Mouse and thumb ──────────────────────────────────────────────────────────────────────────────

function follow(event) {
  const under = document.elementFromPoint(event.clientX, event.clientY);
  aim(under?.closest("[data-day-plan]") ?? null);
  if (held.day) return;
  const others = stops().filter((stop) => stop !== held.stop);
  const next = others.find((stop) => {
    const box = stop.getBoundingClientRect();
    return event.clientY < box.top + box.height / 2;
  });
  if (next ? next !== held.stop.nextElementSibling : placeOf(held.stop) !== stops().length) {
    swap(next ?? others.at(-1), !next);
  }
  if (event.clientY < EDGE) scrollBy(0, -12);
  else if (event.clientY > innerHeight - EDGE) scrollBy(0, 12);
}

list?.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest(".grip");
  if (!grip || event.button || held) return;
  grip.setPointerCapture(event.pointerId);
  lift(grip.closest("[data-account]"));
  held.pointer = event.pointerId;
});
list?.addEventListener("pointermove", (event) => held?.pointer === event.pointerId && follow(event));
list?.addEventListener("pointerup", (event) => held?.pointer === event.pointerId && put());
list?.addEventListener("pointercancel", (event) => held?.pointer === event.pointerId && letGo());

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

const ALONG = { ArrowUp: -1, ArrowDown: 1 };
const ACROSS = { ArrowLeft: -1, ArrowRight: 1 };

function carry(by) {
  aim(null);
  const all = stops();
  swap(all[all.indexOf(held.stop) + by], by > 0);
  tell(`Place ${placeOf(held.stop)} of ${all.length}.`);
}

function cross(by) {
  const at = days.indexOf(held.day);
  const day = days[at < 0 ? (by > 0 ? 0 : days.length - 1) : at + by];
  if (!day) return;
  aim(day);
  tell(`To ${day.dataset.name}, where it costs least.`);
}

list?.addEventListener("keydown", (event) => {
  const grip = event.target.closest(".grip");
  if (!grip || (held && held.pointer !== undefined && event.key !== "Escape")) return;
  if (event.key === " " || event.key === "Enter") held ? put() : lift(grip.closest("[data-account]"));
  else if (!held) return;
  else if (event.key === "Escape") letGo();
  else if (event.key in ALONG) carry(ALONG[event.key]);
  else if (event.key in ACROSS) cross(ACROSS[event.key]);
  else return;
  event.preventDefault();
  grip.focus();
});
list?.addEventListener("focusout", (event) => {
  // Moving an element takes its focus for a moment; whoever really leaves puts the stop back.
  setTimeout(() => held?.pointer === undefined && held && !held.stop.contains(document.activeElement) && letGo());
});

// The stop that was just moved is where one goes on.
const moved = location.hash.startsWith("#stop-") && document.getElementById(location.hash.slice(1));
if (moved) {
  moved.classList.add("lit");
  const focus = () => setTimeout(() => moved.querySelector(".grip")?.focus({ preventScroll: true }));
  // Going to a fragment takes the focus away, once the page is there.
  document.readyState === "complete" ? focus() : addEventListener("load", focus);
}
