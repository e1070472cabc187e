/** Anything after the scheme, so that a name that cannot exist is reported instead of cut. */
const reference = /secret:\/\/([A-Za-z0-9_-]*)/g;

/** The names that a text refers to as `secret://<name>`, each once. */
export const secretNames = (text: string): string[] => [
  ...new Set([...text.matchAll(reference)].map(([, name = '']) => name)),
];

/** The text with each `secret://<name>` replaced by what `valueOf` says. */
export const fillSecrets = (text: string, valueOf: (name: string) => string): string =>
  text.replaceAll(reference, (_whole, name: string) => valueOf(name));
