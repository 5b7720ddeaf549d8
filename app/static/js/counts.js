// Unread notices and overdue duties in the top bar, and what waits for one in the menu, fresh whenever the page is looked at again.
const bar = document.querySelector("[data-counts]");
const source = bar?.dataset.counts;
const places = document.querySelectorAll("[data-count]");
let last = Date.now();

const refresh = async (now) => {
  if (now !== true && (document.hidden || Date.now() - last < 30_000)) return;
  last = Date.now();
  try {
    const answer = await fetch(source, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const counts = await answer.json();
    for (const place of places) {
      const pip = place.querySelector(".pip") ?? place;
      const n = counts[place.dataset.count] || 0;
      pip.textContent = n;
      pip.hidden = n === 0;
    }
  } catch { /* away from the network: the numbers stay as they were */ }
};

if (places.length) {
  document.addEventListener("visibilitychange", refresh);
  setInterval(refresh, 60_000);
  if ("countsNow" in bar.dataset) refresh(true);
}
