/**
 * A path with its parts escaped: path`/v1/runs/${run}`.
 * @throws TypeError for a part that is empty, `.` or `..`, which would lead to another path.
 */
export function path(texts: TemplateStringsArray, ...parts: readonly (string | number)[]): string {
  return texts.reduce((made, text, index) => `${made}${escaped(parts[index - 1])}${text}`);
}

function escaped(part: string | number | undefined): string {
  const text = String(part ?? '');
  if (/^\.{0,2}$/.test(text)) throw new TypeError(`"${text}" is no name or id`);
  return encodeURIComponent(text);
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** `?a=1&b=2`, or nothing; what is undefined is left out. */
export function queryText(query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  const text = given.toString();
  return text === '' ? '' : `?${text}`;
}
