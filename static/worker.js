// The service worker of the road: today's stops and the files they are shown with, for where there is no signal.
// It answers for nothing else; what is written is kept and sent by queue.js, since not every phone wakes a worker.

const FILES = "road-files";
const DAY = "road-day"; // one person's; emptied at signing out, here and in app.js
const PATHS = ["/crm/visits/today", "/crm/visits/today/stops"];
const KEPT = ["files"];
const PATIENCE = 5000; // milliseconds; a signal too weak for a page is none

addEventListener("install", (event) => event.waitUntil(keepFiles()));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (PATHS.includes(pathname)) event.respondWith(day(event, pathname));
  else if (pathname.startsWith("/a/")) event.respondWith(file(request));
});

async function keepFiles() {
  const files = await caches.open(FILES);
  await files.addAll(KEPT);
  await skipWaiting();
}

async function file(request) {
  const files = await caches.open(FILES);
  return (await files.match(request, { ignoreVary: true })) ?? fetch(request);
}

// The newest there is, and what was kept where nothing comes, or nothing whole.
async function day(event, path) {
  const kept = marked(await caches.match(path, { cacheName: DAY, ignoreVary: true }));
  const fresh = fetch(event.request).then((answer) => noted(path, answer));
  event.waitUntil(fresh.catch(() => {}));
  if (!kept) return fresh.catch(() => nothing());
  const sure = fresh.then((answer) => (answer.status < 500 ? answer : kept)).catch(() => kept);
  return Promise.race([sure, new Promise((done) => setTimeout(done, PATIENCE, kept))]);
}

function marked(answer) {
  if (!answer) return null;
  const headers = new Headers(answer.headers);
  headers.set("X-Kept", "yes"); // queue.js says so on the page
  return new Response(answer.body, { status: answer.status, headers });
}

async function noted(path, answer) {
  const isPage = answer.ok && answer.headers.get("content-type")?.startsWith("text/html");
  if (answer.redirected || answer.type === "opaqueredirect" || [401, 403].includes(answer.status)) {
    await caches.delete(DAY); // whoever was signed in is so no more
  } else if (isPage) {
    const copy = answer.clone();
    await (await caches.open(DAY)).put(path, copy);
    if (path === PATHS[0]) await tidy(await answer.clone().text());
  }
  return answer;
}

// Files of an earlier release stay for as long as the kept page needs them; what it needs is kept with it.
async function tidy(page) {
  const files = await caches.open(FILES);
  for (const old of await files.keys()) {
    const { pathname } = new URL(old.url);
    if (!KEPT.includes(pathname) && !page.includes(pathname)) await files.delete(old);
  }
  for (const [, path] of page.matchAll(/(?:href|src)="(\/a\/[^"#]+)/g)) {
    if (!(await files.match(path, { ignoreVary: true }))) await files.add(path).catch(() => {});
  }
}

function nothing() {
  const style = KEPT.find((path) => path.endsWith("/app.css"));
  const page = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>No signal · Rounds</title>
<link rel="stylesheet" href="${style}"></head><body><main class="gate"><div class="gate-card"><h1>No signal</h1>
<p class="gate-lead">Today is not kept on this phone. Open this page once with a signal, and it stays here for the day.</p>
<a class="button primary wide" href="${PATHS[0]}">Try again</a></div></main></body></html>`;
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:",
  };
  return new Response(page, { status: 503, headers });
}
