/** A model may say a hundred pieces a second; readers need not be woken for each. */
const GATHER_MS = 30;

/**
 * Gathers the text of one model call for 30 ms at a time and hands it on with its position, UTF-16 units.
 * `end` hands on what is left; whatever comes afterwards is dropped, so that nothing follows the recorded answer.
 */
export class GatheredDeltas {
  readonly #handOn: (position: number, text: string) => void;
  #position = 0;
  #gathered = '';
  #timer: ReturnType<typeof setTimeout> | null = null;
  #ended = false;

  constructor(handOn: (position: number, text: string) => void) {
    this.#handOn = handOn;
  }

  add(text: string): void {
    if (this.#ended || text === '') return;
    this.#gathered += text;
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  end(): void {
    this.#flush();
    this.#ended = true;
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#gathered === '') return;
    const text = this.#gathered;
    this.#gathered = '';
    this.#handOn(this.#position, text);
    this.#position += text.length;
  }
}
