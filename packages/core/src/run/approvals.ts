import type { ApprovalRule, BodyOf, DataOf, JsonObject, PublishedTool } from '@holdfast/contracts';
import { askedOf } from './approvers.ts';
import { evaluateCondition } from './condition.ts';
import { hashOf } from './hash.ts';
import type { ToolCall } from './state.ts';

/** Binds a decision to exactly this call: server, tool, schema and canonical arguments. */
export const approvalHash = (tool: PublishedTool, args: JsonObject): string =>
  hashOf({ source: tool.source, tool: tool.name, schema: tool.hash, arguments: args });

/**
 * The question to people that the tool's rule asks for, or null when the call needs none. What a person has written is
 * always asked about.
 */
export function approvalFor(call: ToolCall, tool: PublishedTool, now: number): BodyOf<'approval.asked'> | null {
  const rule = tool.approval;
  if (rule === null) return null;
  const args = call.requested.arguments;
  const why = call.editors.length > 0 ? 'changed' : reasonToAsk(rule, args);
  if (why === null) return null;
  return {
    type: 'approval.asked',
    data: {
      call: call.id,
      hash: approvalHash(tool, args),
      ...askedOf(rule),
      why,
      expires_at: rule.expires === undefined ? null : now + rule.expires,
    },
  };
}

function reasonToAsk({ when }: ApprovalRule, args: JsonObject): DataOf<'approval.asked'>['why'] | null {
  if (when === undefined) return 'rule';
  const holds = evaluateCondition(when, args);
  if (holds === 'not-evaluable') return 'condition-not-evaluable';
  return holds ? 'condition' : null;
}
