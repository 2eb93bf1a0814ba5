// What every map is made with: Leaflet, loaded where a map is drawn, and words and signs to put on it.
//
// A map is an element with data-script and data-style, where Leaflet is, and data-unit, mi or km; data-tiles and
// data-attribution where pictures of the ground lie behind it.

function load(address, tag, set) {
  return new Promise((done, failed) => {
    const made = document.createElement(tag);
    set(made, address);
    made.onload = done;
    made.onerror = failed;
    document.head.append(made);
  });
}

export async function leaflet(box) {
  await Promise.all([
    load(box.dataset.script, "script", (made, address) => (made.src = address)),
    load(box.dataset.style, "link", (made, address) => Object.assign(made, { rel: "stylesheet", href: address })),
  ]);
  return window.L;
}

// Text is put in as text: a name is never HTML.
export function sign(text, className, size) {
  const holder = document.createElement("span");
  holder.textContent = text;
  return window.L.divIcon({ html: holder, className, iconSize: size, iconAnchor: [size[0] / 2, size[1] / 2] });
}

// The ground, where a tile server is set; what is drawn without one then says twice what the pictures show.
export function ground(box, map) {
  if (!box.dataset.tiles) return;
  const whose = document.createElement("span");
  whose.textContent = box.dataset.attribution;
  box.classList.add("tiled");
  window.L.tileLayer(box.dataset.tiles, { maxZoom: 19, referrerPolicy: "strict-origin-when-cross-origin" }).addTo(map);
  window.L.control.attribution({ prefix: false }).addAttribution(whose.innerHTML).addTo(map);
}

export function scale(box, map) {
  const miles = box.dataset.unit === "mi";
  window.L.control.scale({ imperial: miles, metric: !miles }).addTo(map);
}
