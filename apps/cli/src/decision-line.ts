import type { AttentionResource } from '@holdfast/sdk';
import { type Output, printable } from './output.ts';

/** What is asked, in a line. */
export function question({ kind, detail }: AttentionResource): string {
  switch (kind) {
    case 'approval':
    case 'duplicate-after-fork':
      return `${shown(detail['tool'])} ${JSON.stringify(detail['arguments']).slice(0, 200)}`;
    case 'question':
      return shown(detail['question']);
    case 'limit':
      return `${shown(detail['limit'])} is ${shown(detail['value'])}`;
    case 'unknown-effect':
      return `did ${shown(detail['tool'])} take effect?`;
    case 'tool-changed':
      return `${shown(detail['tool'])} is not the tool that was published`;
    case 'attempts-exhausted':
      return 'the last attempt has failed';
    case 'log-problem':
      return 'the database has lost acknowledged events';
  }
}

/** The command that settles it. */
export function decisionLine(program: string, { run_id, ref, kind }: AttentionResource): string {
  const command = `${program} decide ${run_id} ${ref}`;
  switch (kind) {
    case 'approval':
      return `${command} --approve   (or --deny, --change JSON)`;
    case 'question':
      return `${command} --answer TEXT   (or JSON)`;
    case 'limit':
      return `${command} --raise N`;
    case 'unknown-effect':
      return `${command} --done TEXT   (or --retry, --fail)`;
    case 'tool-changed':
    case 'attempts-exhausted':
      return `${command} --retry   (or --fail)`;
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

const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
