// Replaces the numbers of a target's page as they change. Without this file the page is complete.
(() => {
  const place = document.querySelector("[data-live]");
  if (!place || !window.EventSource) return;
  const written = new Intl.NumberFormat("en-GB");
  const local = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Europe/London", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  const asOf = document.querySelector("[data-as-of]");
  const announce = document.querySelector("[data-announce]");
  const slots = document.querySelector("[data-slots]");
  const state = document.querySelector("[data-state]");
  let announcedAt = Date.now();

  const numberAt = (numbers, key) => {
    const [group, ...rest] = key.split(".");
    if (group === "overview") return numbers.overview[rest[0]];
    const round = numbers.rounds.find((found) => String(found.round) === rest[0]);
    return round && round[rest[1]];
  };
  const dated = (instant) => {
    const parts = Object.fromEntries(local.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
    return `${parts.day} ${parts.month} ${parts.year}, ${parts.hour}:${parts.minute}`;
  };

  const source = new EventSource(place.dataset.live);
  source.addEventListener("progress", (event) => {
    const numbers = JSON.parse(event.data);
    for (const shown of place.querySelectorAll("[data-number]")) {
      const n = numberAt(numbers, shown.dataset.number);
      if (n !== undefined) shown.textContent = written.format(n);
    }
    const free = numbers.slots.available;
    slots.textContent = `${written.format(free)} ${free === 1 ? "slot" : "slots"}`;
    const name = numbers.target.state;
    state.textContent = name[0].toUpperCase() + name.slice(1);
    state.className = `tag tag-${name}`;
    asOf.textContent = dated(numbers.as_of);
    if (Date.now() - announcedAt > 15000) {
      announcedAt = Date.now();
      const { in_progress: going, completed: done } = numbers.overview;
      announce.textContent = `Numbers updated: ${written.format(going)} in progress, ${written.format(done)} completed.`;
    }
  });
  window.addEventListener("pagehide", () => source.close());
})();
