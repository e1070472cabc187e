const encoder = new TextEncoder();

/** UTF-8 bytes of a value as JSON. A token is at least one byte, so this bounds its tokens from above. */
export const bytesOf = (value: unknown): number => encoder.encode(JSON.stringify(value) ?? '').length;
