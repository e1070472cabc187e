import type { AttentionResource } from '@holdfast/sdk';

/** The command that settles it. */
export function decisionLine({ run_id, ref, kind, detail }: AttentionResource): string {
  const command = `holdfast decide ${run_id} ${ref}`;
  switch (kind) {
    case 'approval':
      return `${command} --approve   (or --deny, --change JSON)   ${shown(detail['tool'])} ${JSON.stringify(detail['arguments']).slice(0, 120)}`;
    case 'question':
      return `${command} --answer JSON   ${shown(detail['question'])}`;
    case 'limit':
      return `${command} --raise N   ${shown(detail['limit'])} is ${shown(detail['value'])}`;
    case 'unknown-effect':
      return `${command} --done TEXT   (or --retry, --fail)   ${shown(detail['tool'])}`;
    case 'tool-changed':
    case 'attempts-exhausted':
      return `${command} --retry   (or --fail)`;
    case 'duplicate-after-fork':
      return `${command} --reuse   (or --call, --skip)   ${shown(detail['tool'])} ${JSON.stringify(detail['arguments']).slice(0, 120)}`;
    case 'log-problem':
      return `look into the log: holdfast watch ${run_id}`;
  }
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
