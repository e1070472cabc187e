const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  copy: '©',
};
/** Their content is not for reading. */
const unread = new Set(['script', 'style', 'noscript', 'template', 'svg', 'iframe', 'object']);
const block =
  /^(p|div|section|article|header|footer|main|nav|aside|h[1-6]|ul|ol|dl|dt|dd|table|tr|pre|blockquote|br|hr|title|form)$/;

/**
 * The words of a page: no scripts, styles or tags; a line for each block; the addresses of links in parentheses.
 * Simple on purpose: it does not judge what matters. Reads each character a bounded number of times, whatever the page.
 */
export function readableHtml(html: string): string {
  const lower = html.toLowerCase();
  const words: string[] = [];
  let link = '';
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    words.push(html.slice(at, open === -1 ? html.length : open).replaceAll(/\s+/g, ' '));
    if (open === -1) break;
    if (html.startsWith('<!--', open)) {
      at = after(html, '-->', open);
      continue;
    }
    const end = after(html, '>', open);
    const tag = html.slice(open, end);
    const [, closing = '', name = ''] = /^<(\/?)([a-z][a-z0-9]*)/.exec(lower.slice(open, open + 40)) ?? [];
    at = end;
    if (unread.has(name) && closing === '') at = after(html, '>', after(lower, `</${name}`, end));
    else if (name === 'a') {
      if (closing !== '' && link !== '') words.push(` (${link})`);
      link =
        closing === '' ? (/\shref\s*=\s*["']?(https?:[^"'\s>]{1,2000})/i.exec(tag.slice(0, 4_000))?.[1] ?? '') : '';
    } else if (name === 'li' && closing === '') words.push('\n- ');
    else if (name === 'td' || name === 'th') words.push(closing === '' ? '' : ' | ');
    else if (block.test(name)) words.push('\n');
  }
  const lines = decoded(words.join('')).split('\n');
  return lines
    .map((line) => line.replaceAll(/[\s\u00a0]+/g, ' ').trim())
    .filter((line, index, all) => line !== '' || (index > 0 && all[index - 1] !== ''))
    .join('\n')
    .trim();
}

const after = (text: string, mark: string, from: number): number => {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
};

const decoded = (text: string): string =>
  text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{1,10}));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return code > 0 && code <= 0x10_ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole;
    },
  );
