// Takes files that are dropped, and shows how far an upload is. Without this file nothing is missing.
(() => {
  document.querySelectorAll("[data-drop]").forEach((box) => {
    const input = box.querySelector("input[type=file]");
    const over = (on) => box.classList.toggle("app-drop--over", on);
    box.addEventListener("dragover", (event) => { event.preventDefault(); over(true); });
    box.addEventListener("dragleave", () => over(false));
    box.addEventListener("drop", (event) => {
      over(false);
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  });

  const form = document.getElementById("upload-form");
  if (!form || !window.FormData || !XMLHttpRequest.prototype.hasOwnProperty("upload")) return;
  const progress = document.getElementById("upload-progress");
  const bar = document.getElementById("upload-bar");
  const said = document.getElementById("upload-said");
  const result = document.getElementById("upload-result");
  const megabytes = (bytes) => `${Math.max(0.1, bytes / 1048576).toFixed(bytes < 10485760 ? 1 : 0)} MB`;
  const input = form.querySelector("input[type=file]");
  let sending = false;
  let told = "";

  const hideHints = (place) => place.querySelectorAll("[data-without-script]").forEach((hint) => { hint.hidden = true; });
  const tell = (text) => { if (text !== told) said.textContent = told = text; };
  const wait = (on) => {
    sending = on;
    progress.hidden = !on;
    document.querySelectorAll("button[type=submit], #upload-form button").forEach((button) => { button.disabled = on; });
  };
  const fail = (heading, text) => {
    wait(false);
    const summary = document.createElement("div");
    summary.className = "nhsuk-error-summary";
    summary.tabIndex = -1;
    summary.setAttribute("role", "alert");
    const title = document.createElement("h2");
    title.className = "nhsuk-error-summary__heading";
    title.textContent = heading;
    const sentence = document.createElement("p");
    sentence.textContent = text;
    summary.append(title, sentence);
    result.replaceChildren(summary);
    summary.focus();
  };
  const show = (html) => {
    const found = new DOMParser().parseFromString(html, "text/html");
    const fresh = found.getElementById("upload-result") || found.querySelector("main");
    if (!fresh) return false;
    result.replaceChildren(...fresh.childNodes);
    hideHints(result);
    wait(false);
    const summary = result.querySelector(".nhsuk-error-summary") || result;
    summary.tabIndex = -1;
    summary.focus();
    return true;
  };

  document.addEventListener("submit", (event) => {
    if (event.target !== form) return;
    const file = input.files[0];
    if (!file) return;
    event.preventDefault();
    if (sending) return;
    const limit = Number(form.dataset.limit);
    if (file.size > limit) {
      fail("The file was not taken", `The file has ${megabytes(file.size)}, more than ${megabytes(limit)}. Split it and upload the parts one by one.`);
      return;
    }
    const address = event.submitter && event.submitter.hasAttribute("formaction") ? event.submitter.formAction : form.action;
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Accept", "text/html");
    request.upload.onprogress = (at) => {
      const share = at.lengthComputable ? Math.floor((100 * at.loaded) / at.total) : 0;
      bar.value = share;
      if (share < 100) tell(`${Math.floor(share / 25) * 25}% of ${megabytes(file.size)} sent`);
    };
    request.upload.onload = () => {
      bar.removeAttribute("value");
      tell("The whole file is sent. Each row is being checked.");
    };
    request.onload = () => {
      if (request.status < 300 && request.responseURL.includes("/uploads/")) window.location.assign(request.responseURL);
      else if (!show(request.responseText)) fail("There is a problem", "The upload did not work. Try again in a moment.");
    };
    request.onerror = () => fail("There is a problem", "The connection was lost before the file was whole. Nothing was kept of it, unless it is in the list of uploads. Try again.");
    bar.value = 0;
    wait(true);
    tell(`0% of ${megabytes(file.size)} sent`);
    request.send(new FormData(form));
  });
  hideHints(document);
})();
