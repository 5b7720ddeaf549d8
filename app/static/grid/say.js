// Sentences in the reader's language: Chinese is the key, and the page brings the translation of each.
const words = JSON.parse(document.getElementById("grid-words")?.textContent || "{}");

/** Return a sentence with its {places} filled. */
export const say = (sentence, values = {}) => (words[sentence] || sentence).replace(/\{(\w+)\}/g, (_, place) => values[place] ?? "");

/** What stands between the parts of a list. */
export const COMMA = document.documentElement.lang === "en" ? ", " : "、";
