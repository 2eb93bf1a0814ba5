// Lists and records: ticks, the keys of rows, values changed where they stand, the composer of a record.

import { isTyping, keysApply } from "./app.js";

const bulk = document.getElementById("bulk");
const ticks = () => [...document.querySelectorAll('.tick[name="ids"]:not(:disabled)')];
let last = null;

// ── Ticks ────────────────────────────────────────────────────────────────────────────────────────

function count() {
  if (!bulk) return;
  const on = ticks().filter((tick) => tick.checked);
  bulk.hidden = on.length === 0;
  bulk.querySelector("[data-count]").textContent = on.length;
  for (const tick of ticks()) tick.closest("tr").classList.toggle("chosen", tick.checked);
}

document.addEventListener("click", (event) => {
  const tick = event.target.closest?.('.tick[name="ids"]');
  if (!tick) return;
  const all = ticks();
  if (event.shiftKey && last) {
    const [from, to] = [all.indexOf(last), all.indexOf(tick)].sort((a, b) => a - b);
    for (const between of all.slice(from, to + 1)) between.checked = tick.checked;
  }
  last = tick;
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) for (const tick of ticks()) tick.checked = event.target.checked;
  if (event.target.matches(".tick")) count();
  const asks = event.target.dataset?.asks;
  if (asks) compose(event.target);
});
document.querySelector("[data-unselect]")?.addEventListener("click", () => {
  for (const tick of document.querySelectorAll(".tick")) tick.checked = false;
  count();
});

// ── Rows by keys ─────────────────────────────────────────────────────────────────────────────────

const rows = () => [...document.querySelectorAll("[data-row]")];

function onKey(event) {
  if (!keysApply(event) || isTyping(event)) return;
  const all = rows();
  const here = document.activeElement?.closest("[data-row]");
  if (event.key === "j" || event.key === "k") {
    const next = all[all.indexOf(here) + (event.key === "j" ? 1 : -1)] ?? here ?? all[0];
    next?.querySelector("a.row-name").focus();
    next?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "x" && here) {
    here.querySelector('.tick[name="ids"]:not(:disabled)')?.click();
  } else if (event.key === "e" && here) {
    edit(here.querySelector("[data-edit]"));
  } else {
    return;
  }
  event.preventDefault();
}
document.addEventListener("keydown", onKey);

// ── Values where they stand ──────────────────────────────────────────────────────────────────────

// Each value that can be changed gets a pencil: reached by Tab, shown where the pointer is.
function addPencils(within) {
  const pencil = document.getElementById("pencil");
  for (const cell of within.querySelectorAll("[data-edit]:not([data-ready])")) {
    cell.dataset.ready = "";
    const button = pencil.content.firstElementChild.cloneNode(true);
    const heading = cell.closest("table")?.tHead.rows[0].cells[cell.cellIndex];
    const name = (heading ?? cell.parentElement.querySelector("dt"))?.textContent.trim() ?? "";
    button.setAttribute("aria-label", `Change ${name}`.trim());
    cell.append(button);
  }
}

async function edit(cell) {
  if (!cell || cell.querySelector("form")) return;
  const shown = cell.querySelector(".shown-value") ?? wrap(cell);
  await window.htmx.ajax("GET", cell.dataset.edit, { target: shown, swap: "outerHTML" });
  cell.querySelector("form .input, form .tick")?.focus();
}

function wrap(cell) {
  const shown = document.createElement("span");
  shown.className = "shown-value";
  shown.append(...[...cell.childNodes].filter((node) => !node.matches?.(".pencil")));
  cell.prepend(shown);
  return shown;
}

document.addEventListener("click", (event) => {
  const pencil = event.target.closest?.(".pencil");
  if (pencil) edit(pencil.closest("[data-edit]"));
});
document.addEventListener("dblclick", (event) => {
  if (!event.target.closest("a, button, input, form")) edit(event.target.closest?.("[data-edit]"));
});
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.(".inline-edit");
  if (form && event.key === "Escape") form.querySelector("[data-cancel]").click();
});
document.addEventListener("htmx:afterSettle", (event) => {
  const cell = event.target.closest?.("[data-edit]");
  if (cell && !cell.querySelector("form")) cell.querySelector(".pencil")?.focus();
  addPencils(document);
  count();
});

// ── The composer of a record ─────────────────────────────────────────────────────────────────────

function compose(radio) {
  const form = radio.form;
  form.querySelector("[data-composer]").placeholder = radio.dataset.asks;
  form.querySelector("[data-due]").hidden = radio.value !== "task";
  form.querySelector("[type=submit]").textContent = radio.value === "task" ? "Add" : "Log";
}
const chosen = document.querySelector("#composer [name=what]:checked");
if (chosen) compose(chosen);

addPencils(document);
count();
