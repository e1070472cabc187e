/** Whether the client would rather have events as they come. */
export const acceptsStream = (accept: string | undefined): boolean => /\btext\/event-stream\b/i.test(accept ?? '');
