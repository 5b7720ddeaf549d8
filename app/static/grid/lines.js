// What each line of the sheet stands for: a record, the heading of a group, a record being written, or the empty line at the end.

export class Lines {
  constructor(rows) {
    this.rows = rows;
    this.groups = null;
    this.closed = new Set();
    this.drafts = [];
    this.mayAdd = false;
  }

  /** Take the groups [{values, count, offset}] in their order, or null for none. */
  setGroups(groups) {
    this.groups = groups;
    this.#place();
  }

  #place() {
    let line = 0;
    this.starts = [];
    for (const group of this.groups ?? []) {
      this.starts.push(line);
      line += 1 + (this.isClosed(group) ? 0 : group.count);
    }
    this.grouped = line;
  }

  isClosed(group) { return this.closed.has(JSON.stringify(group.values)); }

  toggle(group) {
    const key = JSON.stringify(group.values);
    if (!this.closed.delete(key)) this.closed.add(key);
    this.#place();
  }

  /** Lines of records and headings, before what is being written. */
  get written() { return this.groups ? this.grouped : this.rows.count; }

  get count() { return this.written + this.drafts.length + (this.mayAdd ? 1 : 0); }

  /** Return {place, row}, {group}, {draft} or {fresh: true}. */
  at(line) {
    if (line < 0 || line >= this.count) return {};
    if (line >= this.written) {
      const draft = this.drafts[line - this.written];
      return draft ? { draft } : { fresh: true };
    }
    if (!this.groups) return { place: line, row: this.rows.at(line) };
    const n = this.#groupAt(line);
    const group = this.groups[n];
    if (line === this.starts[n]) return { group };
    const place = group.offset + line - this.starts[n] - 1;
    return { place, row: this.rows.at(place) };
  }

  #groupAt(line) {
    let low = 0, high = this.groups.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= line) low = middle; else high = middle - 1;
    }
    return low;
  }

  /** The line of a place, or undefined while its group is closed. */
  lineOf(place) {
    if (!this.groups) return place;
    const n = this.groups.findIndex((group) => place >= group.offset && place < group.offset + group.count);
    return n < 0 || this.isClosed(this.groups[n]) ? undefined : this.starts[n] + 1 + place - this.groups[n].offset;
  }

  /** The line of a record or draft that is here. */
  lineOfId(id) {
    const draft = this.drafts.findIndex((one) => one.key === id);
    if (draft >= 0) return this.written + draft;
    const place = this.rows.placeOf(id);
    return place === undefined ? undefined : this.lineOf(place);
  }

  /** The first and last place among lines `from` to `to`. */
  places(from, to) {
    if (!this.groups) return [from, Math.min(to, this.rows.count - 1)];
    const found = [];
    for (let line = from; line <= to && line < this.written; line++) {
      const { place } = this.at(line);
      if (place !== undefined) found.push(place);
    }
    return found.length ? [found[0], found.at(-1)] : [0, -1];
  }
}
