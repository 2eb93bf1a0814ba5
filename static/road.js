// The road view in the browser: where the phone is goes along with a form, if it may, and only at the tap.
//
//   data-position        a form with fields latitude, longitude and accuracy_metres to fill
//   data-position-said   where to say what happens meanwhile
//   data-keep-day        a page that sees to it that the phone has the day before the signal goes

const PATIENCE = 8000; // milliseconds; whoever stands at a door does not wait longer

function found() {
  return new Promise((done) => {
    if (!navigator.geolocation) return done(null);
    navigator.geolocation.getCurrentPosition(({ coords }) => done(coords), () => done(null), {
      enableHighAccuracy: true, timeout: PATIENCE, maximumAge: 30000,
    });
  });
}

async function locate(form, submitter) {
  form.dataset.locating = "yes";
  const said = form.querySelector("[data-position-said]");
  if (submitter) submitter.disabled = true;
  if (said) said.textContent = "Asking the phone where you are…";
  const here = await found();
  if (here) {
    form.elements.latitude.value = here.latitude.toFixed(6);
    form.elements.longitude.value = here.longitude.toFixed(6);
    if (form.elements.accuracy_metres) form.elements.accuracy_metres.value = Math.round(here.accuracy);
  } else if (said) {
    said.textContent = "No position; going on without it.";
  }
  form.dataset.located = "yes";
  if (submitter) submitter.disabled = false;
  form.requestSubmit(submitter ?? undefined);
}

// Before anybody else sees the submit: the form is sent once the position is known, or known to be missing.
addEventListener(
  "submit",
  (event) => {
    const form = event.target.closest("form[data-position]");
    if (!form || form.dataset.located) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!form.dataset.locating) locate(form, event.submitter);
  },
  { capture: true },
);

async function keepDay() {
  await navigator.serviceWorker.register("/crm/visits/worker.js");
  const day = await caches.open("road-day");
  for (const path of ["/crm/visits/today", "/crm/visits/today/stops"]) {
    const answer = await fetch(path);
    if (answer.ok && !answer.redirected) await day.put(path, answer);
  }
}
if (document.querySelector("[data-keep-day]") && globalThis.caches && navigator.serviceWorker) keepDay().catch(() => {});
