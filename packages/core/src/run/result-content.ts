import { type Content, type DataOf, text } from '@holdfast/contracts';

/** What the model sees of a settlement that is no tool's answer; its size counts in the prompt. */
export function resolvedContent(data: DataOf<'tool.resolved'>): Content {
  if (data.how !== 'fail') return data.content ?? text('Done.');
  return text(data.note === undefined ? 'The call failed.' : `The call failed: ${data.note}`);
}

export function duplicateContent(data: DataOf<'duplicate.decided'>): Content {
  if (data.decision === 'reuse') return data.content ?? text('Done.');
  return text(`Not run${data.note === undefined ? '.' : `: ${data.note}`}`);
}

export const waitEndedContent = ({ by }: DataOf<'wait.ended'>): Content =>
  text(by === 'timer' ? 'The wait is over.' : 'The wait was ended by a message.');

/** A text as it is, anything else as JSON. */
export const answerContent = ({ answer }: DataOf<'question.answered'>): Content =>
  text(typeof answer === 'string' ? answer : JSON.stringify(answer));

export function childContent({ status, output, error, unresolved }: DataOf<'child.ended'>): Content {
  if (status === 'succeeded') return output ?? [];
  const said = error === null ? 'The run was cancelled.' : `The run failed (${error.code}): ${error.detail}`;
  return text(
    unresolved === 0 ? said : `${said}\nOf ${unresolved} of its calls nobody knows whether they took effect.`,
  );
}
