/** A line of a comparison: only in the old, only in the new, or in both. */
export interface LineChange {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

/** Lines around a change that are shown too. */
const AROUND = 3;

/** Both as lines with sorted keys, compared; far from any change, lines are left out. Empty when they are alike. */
export function changes(before: unknown, after: unknown): readonly LineChange[] {
  const all = compared(linesOf(before), linesOf(after));
  const near = all.map((_, index) => all.slice(Math.max(0, index - AROUND), index + AROUND + 1).some(isChange));
  return all.flatMap((change, index) => {
    if (near[index] === true) return [change];
    return near[index - 1] === true && near.includes(true, index) ? [{ sign: ' ' as const, line: '…' }] : [];
  });
}

const isChange = ({ sign }: LineChange): boolean => sign !== ' ';

/** Like YAML, for reading: one value a line, text of several lines as a block. */
export function linesOf(value: unknown, indent = ''): string[] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown) => {
      const [first = '', ...rest] = linesOf(item, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([key, inner]: [string, unknown]) => under(key, inner, indent));
  return [`${indent}${JSON.stringify(value)}`];
}

function under(key: string, value: unknown, indent: string): string[] {
  if (typeof value === 'string' && value.includes('\n'))
    return [
      `${indent}${key}: |`,
      ...value
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `${indent}  ${line}`),
    ];
  if (typeof value !== 'object' || value === null) return [`${indent}${key}: ${JSON.stringify(value)}`];
  if (Object.keys(value).length === 0) return [`${indent}${key}: ${JSON.stringify(value)}`];
  return [`${indent}${key}:`, ...linesOf(value, `${indent}  `)];
}

/** By the longest common subsequence. Specs have hundreds of lines, so its square is small. */
function compared(before: readonly string[], after: readonly string[]): LineChange[] {
  // common[i][j]: the most lines that before from i and after from j have in common.
  const common = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    const row = common[i] ?? new Uint32Array();
    for (let j = after.length - 1; j >= 0; j -= 1)
      row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const made: LineChange[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, young] = [before[i], after[j]];
    if (old !== undefined && old === young) {
      made.push({ sign: ' ', line: old });
      i += 1;
      j += 1;
    } else if (old !== undefined && (young === undefined || at(i + 1, j) >= at(i, j + 1))) {
      made.push({ sign: '-', line: old });
      i += 1;
    } else {
      made.push({ sign: '+', line: young ?? '' });
      j += 1;
    }
  }
  return made;
}
