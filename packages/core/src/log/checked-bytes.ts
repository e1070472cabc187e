import { ArtifactRefused } from './artifact-store.ts';

/** SHA-256, as the platform has it. */
export interface BytesHash {
  update(piece: Uint8Array): unknown;
  digest(encoding: 'hex'): string;
}

/** The same pieces at once; they end in an error when they are more than `most`, or were not those of the digest. */
export class CheckedBytes implements AsyncIterable<Uint8Array> {
  /** Of those that have come. */
  size = 0;
  /** Why they ended in an error. */
  failure: Error | null = null;
  readonly #bytes: AsyncIterable<Uint8Array>;
  readonly #digest: string;
  readonly #most: number;
  readonly #hash: BytesHash;

  constructor(bytes: AsyncIterable<Uint8Array>, digest: string, most: number, hash: BytesHash) {
    this.#bytes = bytes;
    this.#digest = digest;
    this.#most = most;
    this.#hash = hash;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const piece of this.#bytes) {
        this.size += piece.length;
        if (this.size > this.#most) throw new ArtifactRefused(`more than ${this.#most} bytes came`);
        this.#hash.update(piece);
        yield piece;
      }
      if (this.#hash.digest('hex') !== this.#digest)
        throw new ArtifactRefused(`the bytes do not have the digest ${this.#digest}`);
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      throw this.failure;
    }
  }
}
