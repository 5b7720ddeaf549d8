// Watches a task that the server works on, and shows the page anew when it is done.
for (const place of document.querySelectorAll("[data-running]")) {
  const bar = place.querySelector("progress");
  const says = place.querySelector("[data-says]");
  const look = async () => {
    let pause = 1000;
    try {
      const answer = await fetch(place.dataset.running, { headers: { Accept: "application/json" } });
      const { done, total, says: text, finished } = await answer.json();
      if (finished) { location.reload(); return; }
      if (total) { bar.max = total; bar.value = done; }
      if (text) says.textContent = text;
    } catch { pause = 5000; }
    setTimeout(look, pause);
  };
  look();
}
