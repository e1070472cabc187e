/** What of a page is tried: its commands, and the files that they use. */
export interface Block {
  readonly line: number;
  readonly type: 'commands' | 'file' | 'untried' | 'other';
  readonly text: string;
  /** The file's name: the second word after the fence. */
  readonly file: string;
  /** `console`: commands after `$ `, between them what they write. */
  readonly transcript: boolean;
  readonly note: Note;
}

/** What an invisible comment before the block says. */
export interface Note {
  /** Why the block cannot be run here: `<!-- not tested: needs a GPU -->`. */
  readonly untried: string | null;
  /** The last command is left running once it has written this: `<!-- keeps running: tools at -->`. */
  readonly keeps: string | null;
  /** What the last command exits with, when not with 0: `<!-- exits with 1 -->`. */
  readonly exits: number | null;
}

const shells = new Set(['sh', 'bash', 'console']);

/** Something that a reader would type, at the beginning of a line or in a column of its own. */
export const looksLikeCommand =
  /^\s*(\$ |npx |npm |holdfast |curl |node |python3? |git |docker |export |bash )|\s{2}(npx )?holdfast [a-z]/m;

/** The fenced blocks of a Markdown page, in order. */
export function blocksOf(markdown: string): readonly Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const fence = /^( *)(```+)(\S*) *(\S*)/.exec(lines[at] ?? '');
    if (fence === null) continue;
    const [, indent = '', ticks = '', language = '', file = ''] = fence;
    const end = lines.findIndex((line, index) => index > at && line.trim() === ticks);
    if (end < 0) throw new Error(`line ${at + 1}: the block has no end`);
    const text = lines
      .slice(at + 1, end)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join('\n');
    const note = noteOf(lines[at - 1] ?? '');
    const isShell = shells.has(language);
    const type = note.untried === null ? (isShell ? 'commands' : file === '' ? 'other' : 'file') : 'untried';
    blocks.push({ line: at + 1, type, text, file, transcript: language === 'console', note });
    at = end;
  }
  return blocks;
}

function noteOf(line: string): Note {
  const said = /^ *<!-- (.+) -->$/.exec(line)?.[1] ?? '';
  const [, untried = null] = /^not tested: (.+)/.exec(said) ?? [];
  const [, keeps = null] = /^keeps running: (.+)/.exec(said) ?? [];
  const [, exits = null] = /^exits with (\d+)/.exec(said) ?? [];
  return { untried, keeps, exits: exits === null ? null : Number(exits) };
}

export interface Command {
  readonly text: string;
  /** The lines that the page shows as written by it. */
  readonly shown: readonly string[];
}

/** The commands of a block; `isWhole` says whether a text is one (quotes, heredocs and loops are closed). */
export function commandsOf({ text, transcript, line }: Block, isWhole: (text: string) => boolean): readonly Command[] {
  const commands: { text: string; shown: string[] }[] = [];
  let open: string | null = null;
  for (const each of text.split('\n')) {
    const typed = transcript ? /^\$ (.*)/.exec(each)?.[1] : each;
    if (open === null && typed === undefined) {
      const last = commands.at(-1);
      if (last === undefined) throw new Error(`line ${line}: the transcript shows output before a command ("$ …")`);
      last.shown.push(each);
      continue;
    }
    open = open === null ? (typed ?? '') : `${open}\n${each.replace(/^> /, '')}`;
    if (!isWhole(open)) continue;
    if (!/^\s*(#.*)?$/.test(open)) commands.push({ text: open, shown: [] });
    open = null;
  }
  if (open !== null) throw new Error(`line ${line}: the command is not whole: ${open}`);
  return commands;
}
