// A table wider than the page scrolls in a frame of its own: as long as it does, the arrow keys can get there too.

const name = (roll) => (roll.querySelector("caption") || roll.closest("section, .sheet")?.querySelector("h2, h3") || document.querySelector("h1"))?.textContent.trim();

const sizes = new ResizeObserver((changes) => {
  for (const { target: part } of changes) {
    const roll = part.closest(".roll");
    if (roll.scrollWidth > roll.clientWidth || roll.scrollHeight > roll.clientHeight) {
      roll.tabIndex = 0;
      roll.setAttribute("role", "region");
      roll.setAttribute("aria-label", name(roll) || "");
    } else for (const attribute of ["tabindex", "role", "aria-label"]) roll.removeAttribute(attribute);
  }
});

for (const roll of document.querySelectorAll(".roll:not([tabindex])")) for (const part of [roll, ...roll.children]) sizes.observe(part);
