// What every page does: wakes the NHS components. Without this file every page is complete.
import { initAll } from "./vendor/nhsuk-frontend/nhsuk-frontend.min.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
initAll();
