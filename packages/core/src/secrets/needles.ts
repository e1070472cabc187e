/** Characters that are looked at in one step; no needle is shorter. */
const WINDOW = 4;

interface Needle {
  readonly text: string;
  readonly mark: string;
}

/**
 * Finds many fixed texts in one pass. Its time depends on the length of the text and hardly on how many needles there
 * are: a table of 64 KiB says of nearly every place that none begins there.
 */
export class Needles {
  readonly #begins = new Uint8Array(65_536);
  readonly #byBegin = new Map<number, Needle[]>();

  get empty(): boolean {
    return this.#byBegin.size === 0;
  }

  /** `text` has at least four characters. */
  add(text: string, mark: string): void {
    const begin = windowAt(text, 0);
    const needles = this.#byBegin.get(begin) ?? [];
    if (needles.some((needle) => needle.text === text)) return;
    this.#begins[begin] = 1;
    this.#byBegin.set(
      begin,
      [...needles, { text, mark }].toSorted((left, right) => right.text.length - left.text.length),
    );
  }

  /** Each needle replaced by its mark, from the left, the longest first. Without a hit it is the same text. */
  replaceIn(text: string): string {
    if (this.empty) return text;
    let out = '';
    let copied = 0;
    const last = text.length - WINDOW;
    for (let at = 0; at <= last; at += 1) {
      const begin = windowAt(text, at);
      if (this.#begins[begin] === 0) continue;
      const found = this.#byBegin.get(begin)?.find((needle) => text.startsWith(needle.text, at));
      if (found === undefined) continue;
      out += text.slice(copied, at) + found.mark;
      copied = at + found.text.length;
      at = copied - 1;
    }
    return copied === 0 ? text : out + text.slice(copied);
  }
}

/** 16 bits out of four characters. */
const windowAt = (text: string, at: number): number =>
  (text.charCodeAt(at) * 0x1f35 +
    text.charCodeAt(at + 1) * 0x0b65 +
    text.charCodeAt(at + 2) * 0x03d1 +
    text.charCodeAt(at + 3) * 0x0107) &
  0xffff;
