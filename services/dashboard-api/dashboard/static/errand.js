// Shows how far a long removal is without a reload; without it the page has a link that does.
const EVERY = 1000;
const place = document.getElementById("errand");

async function look() {
  const answer = await fetch(place.dataset.errand, { credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("errand");
  if (!answer.ok) return;
  if (!fresh) {
    location.reload();
    return;
  }
  if (fresh.innerHTML !== place.innerHTML) place.replaceChildren(...fresh.childNodes);
}

async function on() {
  try {
    await look();
  } catch {
    // The next look tells.
  }
  setTimeout(on, EVERY);
}

if (place) setTimeout(on, EVERY);
