/** One page of a list, as the API gives it. */
export interface Page<T> {
  readonly items: readonly T[];
  /** null: the last page. */
  readonly next_cursor: string | null;
}

/** A list that is fetched page by page while it is read: `for await (const run of client.runs.list())`. */
export class List<T, P extends Page<T> = Page<T>> implements AsyncIterable<T> {
  readonly #load: (cursor: string | undefined) => Promise<P>;
  readonly #from: string | undefined;

  constructor(load: (cursor: string | undefined) => Promise<P>, from: string | undefined) {
    this.#load = load;
    this.#from = from;
  }

  /** The first page alone. */
  page(): Promise<P> {
    return this.#load(this.#from);
  }

  async *pages(): AsyncGenerator<P> {
    for (let cursor = this.#from; ;) {
      const page = await this.#load(cursor);
      yield page;
      if (page.next_cursor === null) return;
      cursor = page.next_cursor;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for await (const { items } of this.pages()) yield* items;
  }
}
