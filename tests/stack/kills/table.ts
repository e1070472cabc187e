import type { Died } from './kill-parts.ts';
import type { Load } from './load.ts';
import type { Kind, Span } from './seen.ts';

/** What users saw of each death, as it stands in the documents. From the kill until all was well, where nothing else is said. */
export function tableOf(load: Load, deaths: readonly Died[]): string[] {
  const columns = ({ words, killedAt, backAt, wellAt }: Died): readonly (readonly [string, string])[] => {
    const away: Span = { from: killedAt, to: backAt };
    const whole: Span = { from: killedAt, to: wellAt ?? Date.now() };
    const { seen } = load;
    const counts = (kind: Kind): string => countsOf(seen.statuses(kind, whole));
    return [
      ['killed', words],
      ['away', seconds(backAt - killedAt)],
      ['runs accepted while it was away', String(seen.acceptedIn(away))],
      ['starts', counts('start')],
      ['streams', counts('stream')],
      ['reads', counts('read')],
      ['files', counts('file')],
      ['logins', counts('login')],
      ['longest pause of starts', seconds(seen.pauseOfStarts(whole))],
      ['of progress', seconds(seen.pauseOfProgress(whole))],
      ['longest run', seconds(load.longestRun(whole))],
      ['all well, once it was back, after', wellAt === null ? 'never' : seconds(wellAt - backAt)],
      ['people asked', String(seen.askedIn(whole))],
    ];
  };
  const rows = deaths.map(columns);
  const titles = rows[0]?.map(([title]) => title) ?? [];
  return [titles, titles.map(() => '---'), ...rows.map((row) => row.map(([, value]) => value))].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** Good answers first. */
const countsOf = (statuses: ReadonlyMap<string, number>): string =>
  [...statuses]
    .toSorted(([left], [right]) => left.localeCompare(right))
    .map(([status, times]) => `${status} × ${times}`)
    .join(', ') || '–';
