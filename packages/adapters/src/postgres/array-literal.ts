type Element = string | number | boolean | null;

const plain = /^[\w.:-]+$/;

/** A one-dimensional Postgres array in its text form. `null` is NULL. */
export function arrayLiteral(elements: readonly Element[]): string {
  let text = '{';
  for (const [index, element] of elements.entries()) {
    if (index > 0) text += ',';
    text += element === null ? 'NULL' : typeof element === 'string' ? quoted(element) : String(element);
  }
  return `${text}}`;
}

function quoted(text: string): string {
  if (plain.test(text) && text.toLowerCase() !== 'null') return text;
  if (!text.includes('\\') && !text.includes('"')) return `"${text}"`;
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
