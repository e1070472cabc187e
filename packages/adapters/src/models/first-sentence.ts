const MOST_CHARACTERS = 300;

/** How a Markdown block begins that is no prose: list, table, quotation, rule, link, image, HTML. */
const notProse = /^\s*([-*+]\s|\d+[.)]\s|\||>|-{3,}|\*{3,}|\[[^\]]*\]:|!?\[[^\]]*\]\([^)]*\)\s*$|\[!\[|<|@)/;
/** What is no text at all: front matter, comments, fenced code, headings of either kind. */
const passedOver = [
  /^\ufeff/,
  /^---\n[\s\S]*?\n---(\n|$)/,
  /<!--[\s\S]*?-->/g,
  /^\s*(```|~~~)[\s\S]*?(^\s*\1.*$|(?![\s\S]))/gm,
  /^#.*$/gm,
  /^.*\n(=+|-+)\s*$/gm,
];
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
  const bare = passedOver.reduce((left, pattern) => left.replace(pattern, ''), text.replaceAll('\r\n', '\n'));
  const paragraph = bare.split(/\n\s*\n/).find((block) => /\p{L}/u.test(block) && !notProse.test(block.trimStart()));
  return paragraph === undefined
    ? null
    : paragraph
        .trim()
        .split(/\s*\n\s*/)
        .join(' ');
}

const firstLine = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .find((line) => line !== '') ?? '';
