// Everything pages can do, wired by data attributes; each module looks for its own.
import "./menus.js";
import "./dialogs.js";
import "./forms.js";
import "./guard.js";
import "./rows.js";
import "./filters.js";
import "./files.js";
import "./counts.js";
import "./running.js";
import "./rolls.js";
import "./lines.js";
import { pickers } from "./picker.js";
import "./palette.js";
import { dayInput } from "./days.js";
import { formulas } from "./formula.js";

pickers(document);
document.querySelectorAll("input[data-day]").forEach(dayInput);
formulas(document);
