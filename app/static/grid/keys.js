// What the keys do while a cell is chosen but not being edited; as in a spreadsheet.
import { present } from "../js/days.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Return the listener for keys on the resting editor of `grid`. */
export const keys = (grid) => (event) => {
  const { selection, sheet, lines, editor } = grid;
  const control = event.ctrlKey || event.metaKey;
  const { key, shiftKey } = event;
  const from = shiftKey ? selection.head : selection.focus;
  const to = (line, at) => (shiftKey ? selection.extend(line, at) : selection.go(line, at));
  const done = (act) => { event.preventDefault(); act(); };
  const lastLine = Math.max(0, lines.count - 1 - (lines.mayAdd ? 1 : 0)), lastColumn = grid.columns.length - 1;

  if (event.isComposing || key === "Process") return undefined;
  if (ARROWS[key]) {
    const [down, right] = ARROWS[key];
    if (event.altKey && key === "ArrowDown") return done(() => editor.begin());
    if (control) return done(() => to(down < 0 ? 0 : down > 0 ? lastLine : from.line, right < 0 ? 0 : right > 0 ? lastColumn : from.at));
    return done(() => selection.move(down, right, shiftKey));
  }
  const page = Math.max(1, Math.floor(sheet.viewHeight / 30) - 1);
  switch (key) {
    case "Tab":
      // At the very end the focus leaves the sheet, so that nobody is caught in it.
      if ((shiftKey && !selection.many && from.line === 0 && from.at === 0) || (!shiftKey && !selection.many && from.line === lines.count - 1 && from.at === lastColumn)) return undefined;
      return done(() => selection.step(shiftKey, false));
    case "Enter": return done(() => (control ? grid.emit("open") : selection.step(shiftKey, true)));
    case "F2": return done(() => editor.begin());
    case "Escape": return done(() => grid.emit("escape"));
    case "Home": return done(() => to(control ? 0 : from.line, 0));
    case "End": return done(() => to(control ? lastLine : from.line, lastColumn));
    case "PageUp": case "PageDown":
      if (event.altKey) return done(() => selection.sideways(key === "PageUp" ? -1 : 1, shiftKey));
      return done(() => selection.move(key === "PageUp" ? -Math.min(page, from.line) : Math.min(page, lastLine - from.line), 0, shiftKey));
    case "Backspace": if (control) return done(() => sheet.reveal(selection.focus.line, selection.focus.at));
    // falls through
    case "Delete": return done(() => grid.emit("clear"));
    case " ":
      if (shiftKey) return done(() => selection.block(selection.range.top, 0, selection.range.bottom, lastColumn));
      if (control) return done(() => selection.block(0, selection.range.left, lastLine, selection.range.right));
      if (grid.spot(selection.focus.line, selection.focus.at).column?.type === "yes_no") return done(() => grid.emit("toggle"));
      return undefined;
    default:
  }
  if (!control) return undefined;
  switch (key.toLowerCase()) {
    case "a": return done(() => selection.block(0, 0, lastLine, lastColumn));
    case "d": return done(() => grid.emit("fillDown"));
    case "r": return shiftKey ? undefined : done(() => grid.emit("fillRight"));
    case "f": return done(() => grid.emit("find"));
    case "h": return done(() => grid.emit("replace"));
    case "g": return done(() => grid.emit("goTo"));
    case "s": return done(() => grid.emit("allSaved"));
    case "l": return shiftKey ? done(() => grid.emit("columnFilter")) : undefined;
    case "z": return done(() => grid.emit(shiftKey ? "redo" : "undo"));
    case "y": return done(() => grid.emit("redo"));
    case "-": return done(() => grid.emit("removeRows"));
    case ";": return done(() => editor.begin(present().day));
    case ":": return done(() => editor.begin(grid.columns[selection.focus.at]?.type === "moment" ? `${present().day} ${present().time}` : present().time));
    default: return undefined;
  }
};
