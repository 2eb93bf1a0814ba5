// The map of coverage: every account where it is, its shape and colour saying how it stands. Drawn over the sketch that
// the server made of the same dots, each of which is a link to its account.

import { ground, leaflet, scale, sign } from "./mapping.js";

const box = document.querySelector("[data-coverage]");
const FEW = 20;
const OUTSIDE = 0.15; // of all accounts, at each end, that the first view may leave out
const SIZE = { in_time: [12, 12], overdue: [16, 16], never: [13, 13] };

async function draw() {
  const dots = [...box.querySelectorAll("[data-state]")].map((dot) => ({
    at: [Number(dot.dataset.latitude), Number(dot.dataset.longitude)],
    state: dot.dataset.state,
    address: dot.getAttribute("href"),
    text: dot.querySelector("title").textContent,
    city: dot.dataset.city,
  }));
  const L = await leaflet(box);
  box.replaceChildren();
  box.classList.add("live");
  const map = L.map(box, { attributionControl: false, scrollWheelZoom: false, minZoom: 1, maxZoom: 16, zoomSnap: 0.25 });
  map.fitBounds(L.latLngBounds(most(dots)).pad(0.08), { padding: [24, 24], maxZoom: 12 });
  towns(L, map, dots);
  for (const dot of dots) {
    const icon = sign("", `dot-${dot.state}`, SIZE[dot.state]);
    const options = { icon, keyboard: false, title: dot.text, alt: dot.text, zIndexOffset: dot.state === "in_time" ? 0 : 500 };
    L.marker(dot.at, options).on("click", () => location.assign(dot.address)).addTo(map);
  }
  scale(box, map);
  ground(box, map);
}

// Where most of them are: a few on another continent would make a speck of all the others.
function most(dots) {
  const ends = [0, 1].map((axis) => {
    const sorted = dots.map((dot) => dot.at[axis]).sort((a, b) => a - b);
    const cut = dots.length < FEW ? 0 : Math.floor(dots.length * OUTSIDE);
    return [sorted[cut], sorted[sorted.length - 1 - cut]];
  });
  return [
    [ends[0][0], ends[1][0]],
    [ends[0][1], ends[1][1]],
  ];
}

// The names of the towns with the most accounts, as far as there is room: what lies too near to one told already waits.
function towns(L, map, dots) {
  const places = new Map();
  for (const dot of dots) if (dot.city) places.set(dot.city, [...(places.get(dot.city) ?? []), dot.at]);
  const told = [];
  const { x: width, y: height } = map.getSize();
  const marks = dots.map((dot) => map.latLngToContainerPoint(dot.at));
  for (const [name, points] of [...places].sort((a, b) => b[1].length - a[1].length)) {
    const at = points.reduce((lowest, point) => (point[0] < lowest[0] ? point : lowest));
    const here = map.latLngToContainerPoint(at);
    if (here.x < 56 || here.x > width - 56 || here.y > height - 44) continue;
    if (told.some((other) => Math.abs(other.x - here.x) < 110 && Math.abs(other.y - here.y) < 44)) continue;
    if (marks.some((mark) => Math.abs(mark.x - here.x) < 40 && Math.abs(mark.y - here.y - 16) < 10)) continue;
    told.push(here);
    const icon = sign(name, "route-town", [140, 16]);
    icon.options.iconAnchor = [70, -8];
    L.marker(at, { icon, interactive: false, keyboard: false, zIndexOffset: -1000 }).addTo(map);
  }
}

if (box?.querySelector("[data-state]")) draw();
