const OPEN = '<think>';
const CLOSE = '</think>';

/**
 * Drops a thought in tags at the beginning of an answer, and the white space around it, from text that comes in pieces of
 * any size. Tags further on are what the answer is about, and stay.
 */
export class ThinkTags {
  #at: 'beginning' | 'thought' | 'after' | 'answer' = 'beginning';
  #held = '';

  /** What of the answer is certain now. */
  pass(piece: string): string {
    if (this.#at === 'answer') return piece;
    this.#held += piece;
    if (this.#at === 'beginning') {
      const begun = this.#held.trimStart();
      if (OPEN.startsWith(begun) && begun !== OPEN) return '';
      if (!begun.startsWith(OPEN)) return this.#answer(this.#held);
      this.#at = 'thought';
      this.#held = begun.slice(OPEN.length);
    }
    if (this.#at === 'thought') {
      const end = this.#held.indexOf(CLOSE);
      if (end === -1) {
        // The end of it may be the beginning of the tag.
        this.#held = this.#held.slice(-CLOSE.length);
        return '';
      }
      this.#at = 'after';
      this.#held = this.#held.slice(end + CLOSE.length);
    }
    const answer = this.#held.trimStart();
    return answer === '' ? '' : this.#answer(answer);
  }

  /** What was held back because it might have become a tag. */
  rest(): string {
    return this.#at === 'beginning' ? this.#answer(this.#held) : '';
  }

  #answer(text: string): string {
    this.#at = 'answer';
    this.#held = '';
    return text;
  }
}
