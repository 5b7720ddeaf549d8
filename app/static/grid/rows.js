// Rows by their place in the result, fetched block by block as they come into view.
import { Refusal } from "./api.js";

export const BLOCK = 100;
const KEEP = 60;
const PAUSE = 60;
/** Rows supposed below the last one seen, until the total is known. */
const BELOW = 40;

export class Rows {
  /**
   * @param {(body: object, signal: AbortSignal) => Promise<object>} fetchWindow asks for a window: {offset, limit, total?, after?, before?}
   * @param {{changed(from, to), counted(), failed(error)}} tell
   */
  constructor(fetchWindow, tell) {
    this.fetchWindow = fetchWindow;
    this.tell = tell;
    this.window = [0, 0];
    this.clear();
  }

  /** The row at a place, or undefined while it is not here. */
  at(place) { return this.blocks.get(Math.floor(place / BLOCK))?.rows[place % BLOCK]; }

  /** A row that is here, by its number. */
  byId(id) { return this.at(this.places.get(id) ?? -1); }

  /** The place of a record that is here, or undefined. */
  placeOf(id) { return this.places.get(id); }

  get known() { return [...this.places.keys()]; }

  /** Forget everything: another question is asked. */
  clear() {
    for (const flight of this.flights?.values() ?? []) flight.abort();
    this.flights = new Map();
    this.blocks = new Map();
    this.places = new Map();
    this.count = 0;
    this.total = null;
    this.exact = false;
    this.age = (this.age || 0) + 1;
  }

  /** Take the total; an estimate never cuts off rows that are known. */
  setTotal(count, exact) {
    this.total = count;
    this.exact = exact;
    if (exact || count > this.count) this.count = count;
    this.tell.counted();
  }

  /** Places `first` to `last` are in view: fetch what is missing, and a block ahead; stop fetching what is far away. */
  want(first, last) {
    this.down = first >= this.window[0];
    this.window = [first, last];
    for (const [block, flight] of this.flights) {
      if (!flight.kept && (block < Math.floor(first / BLOCK) - 1 || block > Math.floor(last / BLOCK) + 1)) { flight.abort(); this.flights.delete(block); }
    }
    if (this.timer) return;
    this.#fetchMissing();
    this.timer = setTimeout(() => { this.timer = 0; this.#fetchMissing(); }, PAUSE);
  }

  #fetchMissing() {
    const from = Math.floor(this.window[0] / BLOCK), to = Math.floor(this.window[1] / BLOCK);
    for (let block = from; block <= to; block++) this.#fetch(block);
    this.#fetch(this.down ? to + 1 : from - 1);
  }

  /** Fetch all of `from` to `to` and keep it until it has come. */
  async ensure(from, to) {
    const some = [];
    for (let block = Math.floor(from / BLOCK); block <= Math.floor(to / BLOCK); block++) some.push(this.#fetch(block, true));
    await Promise.all(some);
  }

  async #fetch(block, kept = false) {
    if (block < 0 || (block && block * BLOCK >= this.count) || this.blocks.has(block)) return;
    if (this.flights.has(block)) { const flight = this.flights.get(block); flight.kept ||= kept; await flight.done; return; }
    const flight = new AbortController();
    flight.kept = kept;
    this.flights.set(block, flight);
    flight.done = this.#bring(block, flight);
    await flight.done;
  }

  /** What asks for a block that nothing near is known of; with the total, which lets the server come from the end. */
  #jump(block) {
    return { offset: block * BLOCK, limit: BLOCK, ...(this.exact ? { total: this.total } : {}) };
  }

  async #bring(block, flight) {
    try {
      const body = this.#jump(block);
      const above = this.blocks.get(block - 1)?.next, below = this.blocks.get(block + 1)?.prev;
      if (above) body.after = above;
      else if (below) body.before = below;
      const answer = await this.fetchWindow(body, flight.signal);
      if (!flight.signal.aborted) this.put(block, answer);
    } catch (error) {
      if (error.name !== "AbortError") {
        if (!(error instanceof Refusal)) setTimeout(() => { if (!flight.signal.aborted) this.want(...this.window); }, 2000);
        this.tell.failed(error);
      }
    } finally {
      if (this.flights.get(block) === flight) this.flights.delete(block);
    }
  }

  /** Keep a block that has come: {rows, next, prev, end}. */
  put(block, answer) {
    this.drop(block);
    this.blocks.set(block, answer);
    answer.rows.forEach((row, i) => this.places.set(row.id, block * BLOCK + i));
    const reached = block * BLOCK + answer.rows.length;
    if (answer.end) { if (answer.rows.length || !block) this.count = reached; }
    else if (this.count <= reached) this.count = reached + BELOW;
    this.#forgetFar();
    this.tell.counted();
    this.tell.changed(block * BLOCK, block * BLOCK + BLOCK - 1);
  }

  drop(block) {
    const old = this.blocks.get(block);
    if (!old) return;
    this.blocks.delete(block);
    old.rows.forEach((row, i) => { if (this.places.get(row.id) === block * BLOCK + i) this.places.delete(row.id); });
  }

  #forgetFar() {
    const near = (block) => block >= Math.floor(this.window[0] / BLOCK) - 2 && block <= Math.floor(this.window[1] / BLOCK) + 2;
    for (const block of this.blocks.keys()) {
      if (this.blocks.size <= KEEP) break;
      if (!near(block)) this.drop(block);
    }
  }

  /** Fetch what is in view anew and put it in place of the old; what is out of view is forgotten. */
  async refresh() {
    const age = this.age;
    const from = Math.floor(this.window[0] / BLOCK), to = Math.floor(this.window[1] / BLOCK);
    const answers = [];
    for (let block = from; block <= to; block++) answers.push(this.fetchWindow(this.#jump(block)));
    const found = await Promise.all(answers);
    if (age !== this.age) return;
    for (const block of [...this.blocks.keys()]) this.drop(block);
    found.forEach((answer, i) => this.put(from + i, answer));
  }

  /** Put newer rows in the place of those that are here; the places that changed. */
  patch(rows) {
    const places = [];
    for (const row of rows) {
      const place = this.places.get(row.id);
      const old = this.at(place ?? -1);
      if (!old || old.version > row.version) continue;
      this.blocks.get(Math.floor(place / BLOCK)).rows[place % BLOCK] = { ...row, cells: { ...old.cells, ...row.cells } };
      places.push(place);
    }
    return places;
  }
}
