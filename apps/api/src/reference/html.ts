/** HTML text that needs no escaping any more. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = string | number | Html | readonly (Html | string)[];

/** Builds HTML; everything put in is escaped, unless it is `Html` already. */
export const html = (strings: TemplateStringsArray, ...values: readonly Value[]): Html =>
  new Html(strings.map((text, index) => text + (index < values.length ? textOf(values[index] ?? '') : '')).join(''));

const textOf = (value: Value): string => {
  if (value instanceof Html) return value.text;
  return typeof value === 'object' ? value.map(textOf).join('') : escape(String(value));
};

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (char) => entities[char] ?? char);

/** Prose whose `code` stands between backquotes. */
export const prose = (text: string): Html =>
  new Html(escape(text).replace(/`([^`]+)`/g, (_match, code: string) => `<code>${code}</code>`));

/** A whole page. It loads its style from this origin and nothing else. */
export const page = (title: string, body: Html): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="/reference/icon.svg">
<link rel="stylesheet" href="/reference/style.css">
</head>
<body>
${body}
</body>
</html>
`.text;

/** Of every page here: nothing from outside may load, and no script runs that is not ours. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
} as const;
