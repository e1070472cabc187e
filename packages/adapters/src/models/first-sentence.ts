const MOST_CHARACTERS = 300;

/** Lines of Markdown that are no prose: headings, lists, tables, quotations, rules, links, images, HTML. */
const notProse = /^\s*(#|[-*+]\s|\d+[.)]\s|\||>|={3,}|-{3,}|\*{3,}|\[[^\]]*\]:|!?\[[^\]]*\]\([^)]*\)\s*$|\[!\[|<|@)/;
/** An end that what follows does not contradict: `e.g. this` goes on in lower case. */
const sentenceEnd = /(?<!\b(?:e\.g|i\.e|cf|vs|Mr|Mrs|Dr|St|No))[.!?…](?=["')\]”’*_`]*(\s+[^\s\p{Ll}]|\s*$))|[。！？]/u;

/**
 * The first real sentence of a text: front matter, headings, code and the like are passed over.
 * Word for word, line breaks made spaces, cut with `…` when longer than 300 characters; '' when there is no text.
 */
export function firstSentence(text: string): string {
  const paragraph = firstParagraph(text) ?? firstLine(text);
  const end = sentenceEnd.exec(paragraph);
  const sentence = end === null ? paragraph : closed(paragraph, end.index + end[0].length);
  const characters = Array.from(sentence);
  return characters.length > MOST_CHARACTERS ? `${characters.slice(0, MOST_CHARACTERS - 1).join('')}…` : sentence;
}

/** Up to `end`, and the quotation marks or brackets that close right there. */
const closed = (paragraph: string, end: number): string =>
  paragraph.slice(0, end) + (/^["')\]”’*_`]*/.exec(paragraph.slice(end))?.[0] ?? '');

function firstParagraph(text: string): string | null {
  const lines = withoutFrontMatter(
    text
      .replace(/^\ufeff/, '')
      .replaceAll(/<!--[\s\S]*?-->/g, '')
      .split(/\r?\n/),
  );
  const prose: string[] = [];
  let fence: string | null = null;
  for (const line of lines) {
    const mark = /^\s*(```|~~~)/.exec(line)?.[1] ?? null;
    if (fence !== null) {
      if (mark === fence) fence = null;
      continue;
    }
    fence = mark;
    if (/^\s*(=+|-+)\s*$/.test(line) && prose.length > 0) {
      // What stood above this line was a heading.
      prose.length = 0;
      continue;
    }
    const isProse = mark === null && !notProse.test(line) && /\p{L}/u.test(line);
    if (isProse) prose.push(line.trim());
    else if (prose.length > 0) break;
  }
  return prose.length > 0 ? prose.join(' ') : null;
}

function withoutFrontMatter(lines: readonly string[]): readonly string[] {
  if (lines[0] !== '---') return lines;
  const end = lines.indexOf('---', 1);
  return end === -1 ? lines : lines.slice(end + 1);
}

const firstLine = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .find((line) => line !== '') ?? '';
