/**
 * Whether a program has written what a page shows: each shown line, in this order; others may stand between. `…` is
 * anything within a line, `<word>` is one word. How many blanks there are does not matter.
 */
export function firstMissing(shown: readonly string[], written: string): string | null {
  const lines = written.split('\n').map(squeezed);
  let from = 0;
  for (const line of shown.map(squeezed).filter((text) => text !== '' && text !== '…')) {
    const pattern = patternOf(line);
    const found = lines.findIndex((text, index) => index >= from && pattern.test(text));
    if (found < 0) return line;
    from = found + 1;
  }
  return null;
}

const squeezed = (line: string): string => line.replaceAll(/\s+/g, ' ').trim();

const patternOf = (line: string): RegExp =>
  new RegExp(
    `^${line
      .split(/(…|<[a-z]+>)/)
      .map((part) => (part === '…' ? '.*' : /^<[a-z]+>$/.test(part) ? '\\S+' : escaped(part)))
      .join('')}$`,
  );

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
