// Ticks all patients on the page at once and says how many are ticked; without it each has its own box.
const place = document.querySelector("[data-tick-all]");
const boxes = [...document.querySelectorAll("input.app-tick__box")];
const said = document.querySelector("[data-ticked]");

if (place && boxes.length) {
  const all = document.createElement("input");
  all.type = "checkbox";
  all.className = "app-tick__box";
  all.setAttribute("aria-label", "Select all on this page");
  place.replaceChildren(all);
  place.hidden = false;

  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    if (said) said.textContent = ticked === 1 ? "1 patient selected" : `${ticked} patients selected`;
  };

  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    show();
  });
  for (const box of boxes) box.addEventListener("change", show);
  window.addEventListener("pageshow", show);
  show();
}
