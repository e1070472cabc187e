import type { AttentionResource } from '@holdfast/sdk';
import { dollars, type Output, printable } from './output.ts';

/** What is asked, in a line. */
export function question({ kind, detail }: AttentionResource): string {
  switch (kind) {
    case 'approval':
    case 'duplicate-after-fork':
      return `${shown(detail['tool'])} ${JSON.stringify(detail['arguments']).slice(0, 200)}`;
    case 'question':
      return shown(detail['question']);
    case 'limit':
      return `${shown(detail['limit'])} is ${shown(detail['value'])}${inWords(detail)}`;
    case 'unknown-effect':
      return `did ${shown(detail['tool'])} take effect?`;
    case 'tool-changed':
      return `${shown(detail['tool'])} is not the tool that was published`;
    case 'attempts-exhausted':
      return 'the last attempt has failed';
    case 'log-problem':
      return 'the database has lost acknowledged events';
    case 'budget':
      return `${shown(detail['used'])} of ${shown(detail['value'])} ${shown(detail['limit'])} are used, ${shown(detail['needed'])} are needed`;
    case 'engine-problem':
      return `its workflow was ended in Temporal twice (${shown(detail['how'])})`;
  }
}

/** The command that settles it. */
export function decisionLine(program: string, { run_id, ref, kind, detail }: AttentionResource): string {
  const command = `${program} decide ${run_id} ${ref}`;
  switch (kind) {
    case 'approval':
      return `${command} --approve   (or --deny, --change JSON)`;
    case 'question':
      return `${command} --answer TEXT   (or JSON)`;
    case 'limit':
      return `${command} --raise N   (${unitOf(detail)})`;
    case 'unknown-effect':
      return `${command} --done TEXT   (or --retry, --fail)`;
    case 'tool-changed':
    case 'attempts-exhausted':
      return `${command} --retry   (or --fail)`;
    case 'engine-problem':
      return `${command} --retry   (or end it: ${program} cancel ${run_id})`;
    case 'budget':
      return `${program} budgets set ${shown(detail['budget'])} --${detail['limit'] === 'tokens' ? 'tokens' : 'cost-usd'} N   (or end it: ${program} cancel ${run_id})`;
    case 'duplicate-after-fork':
      return `${command} --reuse   (or --call, --skip)`;
    case 'log-problem':
      return `look into the log: ${program} watch ${run_id}`;
  }
}

/** What waits, and below it the line to copy. */
export function showAsked(output: Output, write: (line: string) => void, item: AttentionResource): void {
  write(printable(`  ${item.kind} ${item.ref}: ${question(item)}`));
  write(printable(`    ${decisionLine(output.program, item)}`));
}

/** `--raise` takes the limit's own unit, and `run --cost-usd` dollars. */
const units: Readonly<Record<string, string>> = {
  cost_usd_micros: 'in millionths of a dollar: 1000000 is $1',
  active_ms: 'in milliseconds',
};
const unitOf = ({ limit }: AttentionResource['detail']): string => units[shown(limit)] ?? `in ${shown(limit)}`;

/** What the number is, where its unit is not one of people. */
function inWords({ limit, value }: AttentionResource['detail']): string {
  if (typeof value !== 'number') return '';
  if (limit === 'cost_usd_micros') return ` (${dollars(value)})`;
  return limit === 'active_ms' ? ` (${value / 1_000} s)` : '';
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
