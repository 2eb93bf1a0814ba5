// The planner in the browser: the map of a day over the stops listed beside it, and forms that say they are at work.
//
//   data-route           where the map goes; the drawing in it stays until Leaflet is there, and without script
//   data-send-on-change  a form that is sent as soon as something else is picked
//   data-busy="Words"    a form that is sent once; its button says the words meanwhile

import { ground, leaflet, scale, sign } from "./mapping.js";

const box = document.querySelector("[data-route]");
const stops = [...document.querySelectorAll("[data-stop]")];

const placeOf = (stop) => [Number(stop.dataset.latitude), Number(stop.dataset.longitude)];
const nameOf = (stop) => stop.querySelector(".stop-name").textContent;

async function draw() {
  const L = await leaflet(box);
  const [start, end] = [box.dataset.start, box.dataset.end].map((pair) => pair.split(",").map(Number));
  const path = [start, ...stops.map(placeOf), end];
  box.replaceChildren();
  box.classList.add("live");
  const map = L.map(box, { attributionControl: false, scrollWheelZoom: false, minZoom: 4, maxZoom: 16, zoomSnap: 0.25 });
  map.fitBounds(L.latLngBounds(path).pad(0.02), { padding: [34, 34], maxZoom: 14 });
  towns(L, map);
  L.polyline(path, { className: "route-casing", interactive: false }).addTo(map);
  L.polyline(path, { className: "route-line", interactive: false }).addTo(map);
  L.marker(start, { icon: sign("", "route-home", [18, 18]), interactive: false, keyboard: false }).addTo(map);
  for (const stop of stops) number(L, map, stop);
  scale(box, map);
  ground(box, map);
}

// The number of a stop and its line in the list point at each other.
function number(L, map, stop) {
  const done = stop.classList.contains("done") ? " done" : "";
  const icon = sign(stop.dataset.stop, `route-stop${done}`, [26, 26]);
  const marker = L.marker(placeOf(stop), { icon, title: nameOf(stop), alt: `Stop ${stop.dataset.stop}: ${nameOf(stop)}` });
  marker.addTo(map);
  const light = (on) => {
    stop.classList.toggle("lit", on);
    marker.getElement().classList.toggle("lit", on);
    marker.setZIndexOffset(on ? 1000 : 0);
  };
  marker.on("click", () => stop.scrollIntoView({ block: "center" }));
  for (const on of [stop, marker.getElement()]) {
    on.addEventListener("mouseenter", () => light(true));
    on.addEventListener("mouseleave", () => light(false));
    on.addEventListener("focusin", () => light(true));
    on.addEventListener("focusout", () => light(false));
  }
}

// Each town once, below its southernmost stop.
function towns(L, map) {
  const places = new Map();
  for (const stop of stops) {
    if (stop.dataset.city) places.set(stop.dataset.city, [...(places.get(stop.dataset.city) ?? []), placeOf(stop)]);
  }
  for (const [name, points] of places) {
    const at = points.reduce((lowest, point) => (point[0] < lowest[0] ? point : lowest));
    const icon = sign(name, "route-town", [140, 16]);
    icon.options.iconAnchor = [70, -15];
    L.marker(at, { icon, interactive: false, keyboard: false, zIndexOffset: -1000 }).addTo(map);
  }
}

if (box) draw();

for (const form of document.querySelectorAll("[data-send-on-change]")) {
  for (const hidden of form.querySelectorAll("[data-only-without-script]")) hidden.hidden = true;
  form.addEventListener("change", () => form.checkValidity() && form.requestSubmit());
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-busy]");
  if (!form || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  const button = event.submitter ?? form.querySelector("button");
  // A button that is disabled at once would not be sent along.
  if (!button) return;
  setTimeout(() => {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    if (form.dataset.busy) button.replaceChildren(form.dataset.busy);
  });
});
// Back to a page that the browser kept: its forms would still be asleep.
addEventListener("pageshow", (event) => event.persisted && location.reload());
