// Sentences of the designer's pages, in the reader's language; and how a definition's own names are read.
const words = JSON.parse(document.getElementById("designer-words")?.textContent || "{}");
const english = document.documentElement.lang === "en";

/** Return the sentence of that name with its {places} filled. */
export const said = (name, values = {}) => (words[name] ?? name).replace(/\{(\w+)\}/g, (all, place) => values[place] ?? all);

/** Return a label, written as one text or as {zh, en}, as this reader sees it. */
export const labelled = (label) => (typeof label === "string" ? label : (english && label?.en) || label?.zh || "");

/** Return a list, which may be written as its only member or not at all. */
export const listed = (value) => (value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]);

/** A word as it begins a heading. */
export const heading = (text) => text.charAt(0).toUpperCase() + text.slice(1);
