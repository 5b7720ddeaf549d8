// Choosing cells by mouse: click, drag, Shift-click, ticks of rows, the handle that fills down.

const EDGE = 24;

export const mouse = (grid) => {
  const { scroller, selection, sheet } = grid;
  let dragging = null, timer = 0, last = null, rows = 0;

  const cellOf = (event) => event.target.closest(".g-body .g-cell");
  /** The line and column that an element of the sheet stands for; `at` is -1 in the gutter. */
  const placeOf = (element) => ({ line: element.closest(".g-row").line, at: element.closest(".g-cell").column?.at ?? -1 });

  const follow = (event) => {
    last = event;
    const { line, at } = sheet.hit(event.clientX, event.clientY);
    if (dragging === "fill") grid.emit("fillSeen", { line, at: Math.max(0, at) });
    else if (dragging === "rows") selection.block(rows, 0, line, grid.columns.length - 1);
    else selection.extend(line, Math.max(0, at), false);
  };
  const creep = () => {
    const box = scroller.getBoundingClientRect();
    if (last.clientY > box.bottom - EDGE) sheet.goTo(sheet.top + 30);
    if (last.clientY < box.top + sheet.headHeight) sheet.goTo(sheet.top - 30);
    if (last.clientX > box.right - EDGE) scroller.scrollLeft += 30;
    if (last.clientX < box.left + EDGE) scroller.scrollLeft -= 30;
    follow(last);
  };
  const move = (event) => {
    follow(event);
    const box = scroller.getBoundingClientRect();
    const outside = event.clientY > box.bottom - EDGE || event.clientY < box.top + sheet.headHeight || event.clientX > box.right - EDGE || event.clientX < box.left + EDGE;
    if (outside && !timer) timer = setInterval(creep, 60);
    if (!outside) { clearInterval(timer); timer = 0; }
  };
  const stop = (event) => {
    removeEventListener("pointermove", move);
    clearInterval(timer);
    timer = 0;
    if (dragging === "fill") { const { line, at } = sheet.hit(event.clientX, event.clientY); grid.emit("fillTo", { line, at: Math.max(0, at), turned: event.ctrlKey || event.metaKey }); }
    dragging = null;
  };

  scroller.addEventListener("pointerdown", (event) => {
    if (event.button || event.pointerType === "touch" || event.target.closest("a, button, input, textarea")) return;
    const handle = event.target.closest(".g-handle");
    const cell = cellOf(event);
    if (!cell && !handle) return;
    event.preventDefault();
    const { line, at } = placeOf(cell || handle);
    if (!grid.editor.leave()) return;
    if (handle) dragging = "fill";
    else if (cell.classList.contains("g-gutter")) {
      dragging = "rows";
      rows = event.shiftKey ? selection.anchor.line : line;
      selection.block(rows, 0, line, grid.columns.length - 1);
    } else {
      dragging = "cells";
      if (event.shiftKey) selection.extend(line, at);
      else selection.go(line, at);
    }
    grid.editor.focus();
    last = event;
    addEventListener("pointermove", move);
    addEventListener("pointerup", stop, { once: true });
  });

  scroller.addEventListener("click", (event) => {
    const tick = event.target.closest(".g-gutter input");
    if (tick) {
      if ("all" in tick.dataset) grid.emit("tickAll", tick.checked);
      else grid.emit("tick", { line: placeOf(tick).line, on: tick.checked, range: event.shiftKey });
    }
    const banner = event.target.closest(".g-banner");
    if (banner) { grid.lines.toggle(banner.group); sheet.resize(); sheet.draw(true); }
    if (event.pointerType === "touch") {
      const cell = cellOf(event);
      if (cell?.column) { const { line, at } = placeOf(cell); selection.go(line, at, false); grid.editor.focus(); }
    }
  });

  scroller.addEventListener("dblclick", (event) => {
    if (event.target.closest(".g-handle")) { grid.emit("fillToEnd"); return; }
    const cell = cellOf(event);
    if (!cell?.column) return;
    const spot = grid.spot(selection.focus.line, selection.focus.at);
    if (spot.column.type === "yes_no") grid.emit("toggle");
    else grid.editor.begin();
  });
};
