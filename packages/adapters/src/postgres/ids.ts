const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What is not a UUID names nothing: stores answer "not there" instead of a syntax error. */
export const isUuid = (text: string): boolean => uuid.test(text);
