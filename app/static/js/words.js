// Sentences that scripts show, put into the page by the server in the reader's language.
const words = JSON.parse(document.getElementById("words")?.textContent || "{}");

/** Return the sentence of that name with its {places} filled. */
export const word = (name, values = {}) => (words[name] || name).replace(/\{(\w+)\}/g, (_, place) => values[place] ?? "");

/** Return the token that every POST by script must carry. */
export const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content || "";

/** Return a new element with properties and children. */
export const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value; else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};
