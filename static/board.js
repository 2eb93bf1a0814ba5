// Cards carried from column to column by mouse, by thumb after a short hold, or by keys. The server says what the board
// is like afterwards; where it refuses, the card is where it was.

import { isTyping, toast } from "./app.js";

const board = document.getElementById("board");
const said = document.getElementById("board-said");
const HOLD_MS = 280;
const EDGE = 56; // pixels from the edge where a carried card scrolls the board
const FAR = 6; // pixels from which a press is a drag
let held = null;

const columns = () => [...board.querySelectorAll(".column")];
const columnOf = (card) => card.closest(".column");
const nameOf = (card) => card.getAttribute("aria-label");
const tell = (text) => (said.textContent = text);

async function send(card, column) {
  const path = `/crm/${board.dataset.key}/${card.dataset.card}`;
  const back = encodeURIComponent(board.dataset.address);
  if (column.dataset.opens) {
    await refresh();
    const link = document.createElement("a");
    link.href = `${path}/${column.dataset.opens}?back=${back}`;
    link.dataset.dialog = "";
    board.append(link);
    link.click();
    return link.remove();
  }
  const values = { stage_id: column.dataset.stage, version: card.dataset.version, back: board.dataset.address };
  const id = card.dataset.card;
  await window.htmx.ajax("POST", `${path}/move`, { target: "#board", swap: "innerHTML", values });
  if (refused) await refresh();
  refused = false;
  board.querySelector(`[data-card="${id}"]`)?.focus();
}

let refused = false;
document.addEventListener("htmx:responseError", () => (refused = true));
document.addEventListener("htmx:sendError", () => (refused = true));

async function refresh() {
  try {
    await window.htmx.ajax("GET", board.dataset.address, { target: "#board", swap: "innerHTML" });
  } catch {
    toast({ text: "No connection. Load the page again to see where the cards are.", bad: true });
  }
}

// Put the card where it will be, before the server has said so: a hand should not wait.
function place(card, column) {
  column.querySelector(".cards").prepend(card);
  card.classList.add("moving");
}

// ── Mouse and thumb ──────────────────────────────────────────────────────────────────────────────

let press = null;

board.addEventListener("pointerdown", (event) => {
  const card = event.target.closest("[data-movable]");
  if (!card || event.button || event.target.closest(".tile-move")) return;
  press = { card, from: columnOf(card), x: event.clientX, y: event.clientY, id: event.pointerId, ghost: null };
  if (event.pointerType !== "mouse") {
    press.timer = setTimeout(() => press && lift(press.x, press.y), HOLD_MS);
  }
});

document.addEventListener("pointermove", (event) => {
  if (!press) return;
  const far = Math.hypot(event.clientX - press.x, event.clientY - press.y) > FAR;
  if (!press.ghost && event.pointerType === "mouse" && far) lift(event.clientX, event.clientY);
  else if (!press.ghost && event.pointerType !== "mouse" && far) drop(null); // a swipe, not a drag
  if (press?.ghost) carry(event.clientX, event.clientY);
});
document.addEventListener("pointerup", (event) => drop(event));
document.addEventListener("pointercancel", () => drop(null));
// While a card is carried the page must not scroll under the thumb.
document.addEventListener("touchmove", (event) => press?.ghost && event.preventDefault(), { passive: false });
board.addEventListener("contextmenu", (event) => press && event.preventDefault());
board.addEventListener("dragstart", (event) => event.preventDefault());
board.addEventListener("click", (event) => event.target.closest(".tile.dropped") && event.preventDefault(), true);

function lift(x, y) {
  const box = press.card.getBoundingClientRect();
  const ghost = press.card.cloneNode(true);
  ghost.className = "tile ghost";
  ghost.style.width = `${box.width}px`;
  ghost.removeAttribute("data-card");
  press.offset = { x: press.x - box.left, y: press.y - box.top };
  document.body.append(ghost);
  press.ghost = ghost;
  press.card.classList.add("lifted", "dropped");
  carry(x, y);
}

function carry(x, y) {
  press.ghost.style.transform = `translate(${x - press.offset.x}px, ${y - press.offset.y}px) rotate(1.5deg)`;
  const over = document.elementsFromPoint(x, y).find((one) => one.matches?.(".column, .column *"))?.closest(".column");
  if (over !== press.over) {
    press.over?.classList.remove("over");
    over?.classList.add("over");
    press.over = over;
  }
  const room = board.getBoundingClientRect();
  const was = press.scroll;
  press.scroll = x > room.right - EDGE ? 1 : x < room.left + EDGE ? -1 : 0;
  if (press.scroll && !was) requestAnimationFrame(scrollOn);
}

// Near an edge the board goes on by itself, as long as the card is held there.
function scrollOn() {
  if (!press?.scroll) return;
  board.scrollLeft += 14 * press.scroll;
  requestAnimationFrame(scrollOn);
}

function drop(event) {
  if (!press) return;
  const { card, from, over, ghost, timer } = press;
  clearTimeout(timer);
  press = null;
  if (!ghost) return;
  ghost.remove();
  over?.classList.remove("over");
  card.classList.remove("lifted");
  setTimeout(() => card.classList.remove("dropped"), 50); // the click that follows opens nothing
  if (!event || !over || over === from) return;
  place(card, over);
  send(card, over);
}

// ── Keys ─────────────────────────────────────────────────────────────────────────────────────────

board.addEventListener("keydown", (event) => {
  const card = event.target.closest("[data-movable]");
  if (!card || event.target !== card || isTyping(event)) return;
  const all = columns();
  if (event.key === " ") held ? put(card) : take(card);
  else if (event.key === "Enter" && !held) card.querySelector("a").click();
  else if (event.key === "Enter") put(card);
  else if (event.key === "Escape" && held) letGo(card);
  else if (["ArrowLeft", "ArrowRight"].includes(event.key)) {
    const to = all[all.indexOf(columnOf(card)) + (event.key === "ArrowRight" ? 1 : -1)];
    if (!to) return;
    if (held) {
      place(card, to);
      card.focus();
      tell(`${nameOf(card)}: ${to.dataset.name}`);
    } else to.querySelector("[data-movable]")?.focus();
  } else if (["ArrowUp", "ArrowDown"].includes(event.key) && !held) {
    const cards = [...columnOf(card).querySelectorAll("[data-movable]")];
    cards[cards.indexOf(card) + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
  } else return;
  event.preventDefault();
});

function take(card) {
  held = { from: columnOf(card), before: card.nextElementSibling };
  card.classList.add("lifted");
  tell(`${nameOf(card)} is lifted, in ${held.from.dataset.name}.`);
}

function letGo(card) {
  held.from.querySelector(".cards").insertBefore(card, held.before);
  card.classList.remove("lifted", "moving");
  held = null;
  card.focus();
  tell(`${nameOf(card)} is back where it was.`);
}

function put(card) {
  const { from } = held;
  const to = columnOf(card);
  held = null;
  card.classList.remove("lifted");
  if (to === from) return tell(`${nameOf(card)} stays in ${to.dataset.name}.`);
  tell(`${nameOf(card)} is put into ${to.dataset.name}.`);
  send(card, to);
}
