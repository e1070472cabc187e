import { bytesToHex } from '@noble/hashes/utils.js';

/** Shorter pieces would be found in texts that have nothing to do with the secret. */
const SHORTEST = 4;
/** Of a piece that is only a part of the value. */
const SHORTEST_PART = 8;
const SHORTEST_LINE = 16;

/** The forms in which a value comes back from tools, servers and libraries, longest first. */
export function encodings(value: string): string[] {
  const forms = new Set<string>();
  for (const text of [value, ...longLines(value)]) {
    const escaped = jsonEscaped(text);
    for (const form of [text, escaped, asciiEscaped(text), slashEscaped(escaped), ...htmlEscaped(text)])
      // Each of them may stand in a text that stands in JSON.
      forms.add(form).add(jsonEscaped(form));
    for (const form of urlEncoded(text)) forms.add(form).add(lowerHex(form));
    const bytes = new TextEncoder().encode(text);
    const hex = bytesToHex(bytes);
    forms.add(hex).add(hex.toUpperCase());
    for (const form of base64Forms(bytes)) forms.add(form).add(form.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...forms].filter((form) => form.length >= SHORTEST).toSorted((left, right) => right.length - left.length);
}

/** A key in PEM is often quoted line by line. */
const longLines = (value: string): string[] =>
  value.includes('\n')
    ? value.split(/\r?\n/).filter((line) => line.trim().length >= SHORTEST_LINE && !line.startsWith('-----'))
    : [];

const jsonEscaped = (text: string): string => JSON.stringify(text).slice(1, -1);

/** As JSON writers that keep to ASCII do. */
const asciiEscaped = (text: string): string =>
  jsonEscaped(text).replaceAll(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const slashEscaped = (escaped: string): string => escaped.replaceAll('/', '\\/');

/** As libraries do it: for a part, strictly, for a form, for a path, for a whole URL, and as browsers do in a query. */
function urlEncoded(text: string): string[] {
  const component = encodeURIComponent(text);
  const strict = component.replaceAll(/[!'()*]/g, percent);
  const inQuery = text.replaceAll(/[\s"#<>'\u0080-\uffff]+/g, (some) =>
    encodeURIComponent(some).replaceAll("'", '%27'),
  );
  return [
    component,
    strict,
    strict.replaceAll('%20', '+'),
    strict.replaceAll('%2F', '/'),
    encodeURI(text),
    encodeURI(text).replaceAll("'", '%27'),
    inQuery,
  ];
}

const percent = (mark: string): string => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;

const lowerHex = (text: string): string => text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());

/** What writers of HTML and XML leave as it is differs in quotation marks. */
function htmlEscaped(text: string): string[] {
  const inText = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    inText,
    ...['&quot;', '&#34;', '&#x22;'].flatMap((double) =>
      ["'", '&#39;', '&#x27;', '&#039;', '&apos;'].map((single) =>
        inText.replaceAll('"', double).replaceAll("'", single),
      ),
    ),
  ];
}

/**
 * Alone, and inside of something longer (`user:password` of Basic authentication): what surrounds the value shifts its
 * bits by 0, 2 or 4, and touches its first and last character only.
 */
function base64Forms(bytes: Uint8Array): string[] {
  const alone = base64(bytes);
  const inside = [0, 1, 2].map((shift) => {
    const padded = base64(new Uint8Array([...Array.from({ length: shift }, () => 0), ...bytes]));
    return padded.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
  });
  return [alone, alone.replace(/=+$/, ''), ...inside.filter((part) => part.length >= SHORTEST_PART)];
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
