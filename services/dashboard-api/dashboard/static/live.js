// Keeps an open target page up to date: the server sends the page's parts anew when something in them
// changed, and each part that differs is replaced. Without this file the page is complete as it came.
// (This is less than an htmx with its extension would be, and it keeps the focus where it was.)
const place = document.querySelector("[data-live]");
const connection = document.querySelector("[data-connection]");
const announcement = document.querySelector("[data-announce]");

const RETRY_MILLISECONDS = 5000; // After an answer that is no stream; a cut stream opens by itself.
const QUIET_MILLISECONDS = 15000; // Between two sentences for screen readers.

let source = null;
let retrying = 0;
let spoken = null; // The sentence heard last, or seen when the page came.
let speaking = 0;

const say = (sentence) => {
  spoken ??= sentence;
  clearTimeout(speaking);
  if (sentence === spoken) return;
  const wait = Math.max(0, (say.last ?? -QUIET_MILLISECONDS) + QUIET_MILLISECONDS - performance.now());
  speaking = setTimeout(() => {
    say.last = performance.now();
    spoken = sentence;
    announcement.textContent = sentence;
  }, wait);
};

// Puts a new part in the place of an old one; who was on a link of it, or had it open, still is.
const replace = (old, fresh) => {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const links = focused ? [...old.querySelectorAll("a, summary, [tabindex]")] : [];
  const opened = [...old.querySelectorAll("details")].map((found) => found.open);
  fresh.querySelectorAll("details").forEach((found, index) => {
    found.open = opened[index] ?? false;
  });
  old.replaceWith(fresh);
  if (!focused) return;
  const href = focused.getAttribute("href");
  const there = [...fresh.querySelectorAll("a, summary, [tabindex]")];
  const same = there.find((found) => href && found.getAttribute("href") === href && found.id === focused.id);
  (same ?? there[links.indexOf(focused)])?.focus({ preventScroll: true });
};

const shown = new Map(); // What the server sent for each part last: the page may have changed its own copy.
const show = (event) => {
  const said = document.createElement("template");
  said.innerHTML = event.data;
  for (const fresh of said.content.querySelectorAll("[data-part]")) {
    const name = fresh.dataset.part;
    const html = fresh.outerHTML;
    const old = document.querySelector(`[data-part="${name}"]`);
    if (old && (shown.get(name) ?? old.outerHTML) !== html) replace(old, fresh);
    shown.set(name, html);
  }
  say(said.content.querySelector("[data-spoken]").textContent);
  connected(true);
};

const connected = (yes) => {
  const text = yes ? "This page updates by itself." : "Not connected: the numbers may be old. Trying again.";
  if (connection.textContent === text) return;
  connection.textContent = text;
  if (!yes) announcement.textContent = text;
  connection.classList.toggle("app-connection--lost", !yes);
};

const open = () => {
  clearTimeout(retrying);
  if (source || document.hidden) return;
  source = new EventSource(place.dataset.live);
  source.addEventListener("parts", show);
  source.addEventListener("error", () => {
    connected(false);
    if (source?.readyState !== EventSource.CLOSED) return;
    close();
    retrying = setTimeout(open, RETRY_MILLISECONDS);
  });
};

const close = () => {
  clearTimeout(retrying);
  source?.close();
  source = null;
};

// A tab that nobody sees costs nothing; seen again, it is told everything at once.
document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
window.addEventListener("pagehide", close);
window.addEventListener("pageshow", open);
open();
