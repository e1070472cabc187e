import type { ArtifactPart, Content } from '@holdfast/contracts';
import type { Redaction } from '../secrets/redaction.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { ModelOutcome } from './model.ts';
import type { ToolOutcome } from './tools.ts';

/** The same outcome without values of secrets, in all that a model or a server can put words into. */
export function redactedToolOutcome(redaction: Redaction, { tenant }: TenantScope, outcome: ToolOutcome): ToolOutcome {
  switch (outcome.type) {
    case 'answered': {
      const { content, artifacts } = outcome;
      return {
        ...outcome,
        content: redactedContent(redaction, tenant, content),
        ...(artifacts === undefined
          ? {}
          : { artifacts: artifacts.map((file) => redactedFile(redaction, tenant, file)) }),
      };
    }
    case 'not-sent':
    case 'no-answer':
      return { ...outcome, message: redaction.text(tenant, outcome.message) };
    case 'changed':
      return outcome;
  }
}

export function redactedModelOutcome(
  redaction: Redaction,
  { tenant }: TenantScope,
  outcome: ModelOutcome,
): ModelOutcome {
  switch (outcome.type) {
    case 'answered':
      return {
        ...outcome,
        content: redactedContent(redaction, tenant, outcome.content),
        toolCalls: outcome.toolCalls.map((call) => ({
          ...call,
          arguments: redaction.json(tenant, call.arguments),
        })),
      };
    case 'failed':
      return { ...outcome, message: redaction.text(tenant, outcome.message) };
    case 'aborted':
      return { ...outcome, content: redactedContent(redaction, tenant, outcome.content) };
  }
}

const redactedContent = (redaction: Redaction, tenant: string, content: Content): Content =>
  content.map((part) => {
    if (part.type === 'text') return { ...part, text: redaction.text(tenant, part.text) };
    return part.type === 'artifact' ? redactedFile(redaction, tenant, part) : part;
  });

const redactedFile = (redaction: Redaction, tenant: string, file: ArtifactPart): ArtifactPart => ({
  ...file,
  ...(file.name === undefined ? {} : { name: redaction.text(tenant, file.name).slice(0, 255) }),
  ...(file.preview === undefined ? {} : { preview: redaction.text(tenant, file.preview) }),
});
