// What htmx does not do for an open target page, which it connects and keeps up to date: says the
// numbers politely to who cannot see them, tells whether the page is connected, and asks for nothing
// while nobody looks. Without scripts the page is complete as it came.
const place = document.querySelector("[data-live]");
const connection = document.querySelector("[data-connection]");
const announcement = document.querySelector("[data-announce]");
const sentence = document.querySelector("[data-spoken]"); // htmx puts the newest one there, unseen.

const QUIET_MILLISECONDS = 15000; // Between two sentences for screen readers.

let spoken = null; // The sentence heard last, or seen when the page came.
let spokenAt = -QUIET_MILLISECONDS;
let speaking = 0;

const say = (text) => {
  spoken ??= text;
  clearTimeout(speaking);
  if (text === spoken) return;
  const wait = Math.max(0, spokenAt + QUIET_MILLISECONDS - performance.now());
  speaking = setTimeout(() => {
    spokenAt = performance.now();
    spoken = text;
    announcement.textContent = text;
  }, wait);
};

const connected = (yes) => {
  const text = yes ? "This page updates by itself." : "Not connected: the numbers may be old. Trying again.";
  if (connection.textContent === text) return;
  connection.textContent = text;
  if (!yes) announcement.textContent = text;
  connection.classList.toggle("app-connection--lost", !yes);
};

place.addEventListener("htmx:sse:after:message", () => {
  say(sentence.textContent);
  connected(true);
});
for (const trouble of ["htmx:sse:error", "htmx:response:error", "htmx:error"]) {
  place.addEventListener(trouble, () => connected(false));
}

// htmx cuts the stream of a page that is hidden; it is not to open one for such a page either.
for (const opening of ["htmx:before:request", "htmx:sse:before:connection"]) {
  place.addEventListener(opening, (event) => {
    if (document.hidden) event.preventDefault();
  });
}
