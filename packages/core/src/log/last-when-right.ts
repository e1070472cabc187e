/**
 * The same pieces, of which the last comes only when all were seen and `isRight`: so whoever counts bytes notices that
 * what came is not whole.
 */
export async function* lastWhenRight(
  pieces: AsyncIterable<Uint8Array>,
  see: (piece: Uint8Array) => void,
  isRight: () => boolean,
  wrong: () => Error,
): AsyncGenerator<Uint8Array, void, undefined> {
  let last: Uint8Array | null = null;
  for await (const piece of pieces) {
    if (piece.length === 0) continue;
    see(piece);
    if (last !== null) yield last;
    last = piece;
  }
  if (!isRight()) throw wrong();
  if (last !== null) yield last;
}
