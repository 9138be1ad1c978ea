// Shows how far a long removal is without a reload; without it the page has a link that does.
const EVERY = 1000;
const place = document.getElementById("errand");
const said = document.getElementById("errand-said");
let told = "";

// Screen readers hear what stands in `said`: a quarter, a trouble, the end, each once.
function tell(text) {
  if (text !== told) said.textContent = told = text;
}

function tellOf(fresh) {
  const trouble = fresh.querySelector("[data-problem]");
  const bar = fresh.querySelector("progress");
  const quarter = Math.floor((4 * bar.value) / bar.max);
  if (trouble) tell(trouble.textContent);
  else if (quarter > 0) tell(`${25 * quarter}% done`);
}

// Returns whether there is more to come.
async function look() {
  const answer = await fetch(place.dataset.errand, { credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("errand");
  if (!answer.ok) return true;
  if (!fresh) {
    tell(page.title);
    setTimeout(() => location.reload(), EVERY);
    return false;
  }
  tellOf(fresh);
  if (fresh.innerHTML !== place.innerHTML) place.replaceChildren(...fresh.childNodes);
  return true;
}

async function on() {
  let more = true;
  try {
    more = await look();
  } catch {
    // The next look tells.
  }
  if (more) setTimeout(on, EVERY);
}

if (place) setTimeout(on, EVERY);
