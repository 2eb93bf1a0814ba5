// The map of a place: schematic, without any tiles. Rings say how far, the name of the town says where.

import { ground, leaflet, scale, sign } from "./mapping.js";

const box = document.querySelector("[data-map]");
const RINGS_KM = [1, 2, 5];

async function draw() {
  const L = await leaflet(box);
  const place = [Number(box.dataset.latitude), Number(box.dataset.longitude)];
  const map = L.map(box, { attributionControl: false, zoomControl: false, scrollWheelZoom: false, maxZoom: 15, minZoom: 9 });
  map.setView(place, 12);
  for (const km of RINGS_KM) {
    L.circle(place, { radius: km * 1000, className: "ring", fill: false, interactive: false }).addTo(map);
    const north = [place[0] + km / 111.32, place[1]];
    L.marker(north, { interactive: false, keyboard: false, icon: words(`${km} km`, "ring-name") }).addTo(map);
  }
  if (box.dataset.city) {
    const below = [place[0] - 0.35 / 111.32, place[1]];
    L.marker(below, { interactive: false, keyboard: false, icon: words(box.dataset.city, "town") }).addTo(map);
  }
  L.circleMarker(place, { radius: 8, className: "spot-mark", interactive: false }).addTo(map);
  scale(box, map);
  ground(box, map);
}

const words = (text, className) => sign(text, className, [120, 16]);

if (box) {
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    draw();
  });
  seen.observe(box);
}
