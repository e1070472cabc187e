import type {
  AgentSpec,
  ApprovalRule,
  ErrorCode,
  HoldfastError,
  ProblemError,
  PublishedTool,
} from '@holdfast/contracts';
import { toolHash } from '../executor/tool-hash.ts';
import type { ListedTool } from '../executor/tools.ts';
import { checkCondition } from '../run/condition.ts';
import { schemaProblem } from '../run/json-schema.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { builtinTools } from './builtin-tools.ts';
import { agentCandidate } from './published-agent.ts';
import { type ListingPorts, listToolServer } from './list-tool-server.ts';
import { refused } from './refused.ts';
import type { Candidate } from './tool-candidate.ts';

type ToolSpec = AgentSpec['tools'][number];

type List = (server: string, type: 'mcp' | 'http', path: string) => Promise<readonly ListedTool[]>;

/** Names that every model accepts. */
const fits = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * The tools of a version as their servers list them now, under names that are unique and that models accept.
 * @throws HoldfastError `tool_server_unknown`, `tool_unknown`, `tool_server_unavailable`, `condition_invalid`, `tool_invalid`,
 * `agent_not_found`, `version_not_found`, `alias_not_found`.
 */
export async function publishedTools(
  ports: ListingPorts,
  scope: TenantScope,
  spec: AgentSpec,
  offline: boolean,
): Promise<PublishedTool[]> {
  const list: List = (server, type, path) => listToolServer(ports, scope, spec.name, { server, type, path, offline });
  const candidates: Candidate[] = [];
  for (const [index, tool] of spec.tools.entries()) {
    checkApproval(tool.approval, `/tools/${index}/approval`);
    candidates.push(...(await candidatesOf(ports, scope, tool, spec, `/tools/${index}`, list)));
  }
  const taken = new Map<string, number>();
  for (const { listed } of candidates) taken.set(listed.name, (taken.get(listed.name) ?? 0) + 1);
  const published = candidates.map((candidate) => publish(candidate, (taken.get(candidate.listed.name) ?? 0) > 1));
  checkNames(candidates, published);
  return published;
}

async function candidatesOf(
  ports: ListingPorts,
  scope: TenantScope,
  tool: ToolSpec,
  spec: AgentSpec,
  path: string,
  list: List,
): Promise<Candidate[]> {
  if ('agent' in tool) return [await agentCandidate(ports.agents, scope, spec, tool, path)];
  if ('mcp' in tool) return ofServer(tool, tool.mcp, tool.allow, spec, path, list);
  if ('http' in tool) {
    const [server = '', ...operation] = tool.http.split('.');
    const allow = operation.length === 0 ? tool.allow : [operation.join('.')];
    return ofServer(tool, server, allow, spec, path, list);
  }
  const { effect, ...listed } = builtinTools[tool.builtin];
  const source = { type: 'builtin', name: tool.builtin } as const;
  return [{ path, listed, source, effect, approval: tool.approval ?? null, retries: spec.retries }];
}

async function ofServer(
  tool: Extract<ToolSpec, { mcp: string } | { http: string }>,
  server: string,
  allow: readonly string[] | undefined,
  spec: AgentSpec,
  path: string,
  list: List,
): Promise<Candidate[]> {
  const type = 'mcp' in tool ? 'mcp' : 'http';
  const listed = await list(server, type, `${path}/${type}`);
  const names = listed.map(({ name }) => name);
  const issues = (allow ?? []).flatMap((name, index): ProblemError[] =>
    names.includes(name)
      ? []
      : [
          {
            path: tool.allow === undefined ? `${path}/${type}` : `${path}/allow/${index}`,
            message: `${server} has no tool ${name}; it has: ${names.join(', ') || 'none'}`,
          },
        ],
  );
  if (issues.length > 0) throw refused('tool_unknown', issues[0]?.message ?? 'unknown tool', issues);
  return listed
    .filter(({ name }) => allow?.includes(name) ?? true)
    .map((found) => ({
      path,
      listed: found,
      source: type === 'mcp' ? { type, server, tool: found.name } : { type, server, operation: found.name },
      effect: tool.effect ?? 'once',
      approval: tool.approval ?? null,
      retries: {
        ...spec.retries,
        ...(tool.timeout === undefined ? {} : { timeout: tool.timeout }),
        ...(tool.attempts === undefined ? {} : { attempts: tool.attempts }),
      },
    }));
}

function publish({ listed, source, effect, approval, retries }: Candidate, collides: boolean): PublishedTool {
  return {
    name: collides && 'server' in source ? `${source.server}_${listed.name}` : listed.name,
    source,
    description: listed.description,
    input_schema: listed.input_schema,
    hash: toolHash(listed),
    effect,
    approval,
    retries,
  };
}

function checkNames(candidates: readonly Candidate[], published: readonly PublishedTool[]): void {
  const issues: ProblemError[] = [];
  const seen = new Set<string>();
  for (const [index, { name, input_schema }] of published.entries()) {
    const path = candidates[index]?.path ?? '/tools';
    if (!fits.test(name)) issues.push({ path, message: `the tool name ${name} does not fit ${fits.source}` });
    if (seen.has(name)) issues.push({ path, message: `the tool ${name} is listed twice` });
    const problem = schemaProblem(input_schema);
    if (problem !== null) issues.push({ path, message: `the schema of ${name} cannot be used: ${problem}` });
    seen.add(name);
  }
  if (issues.length > 0) throw refused('tool_invalid', issues[0]?.message ?? 'invalid tools', issues);
}

function checkApproval(rule: ApprovalRule | undefined, path: string): void {
  if (rule === undefined) return;
  if (rule.by.role === 'viewer' || rule.by.role === 'auditor')
    throw wrongAt(
      'role_invalid',
      `${path}/by/role`,
      `a ${rule.by.role} decides nothing: use operator, builder or admin`,
    );
  const { members = [], keys = [], count } = rule.by;
  const named = new Set([...members, ...keys]).size;
  if (rule.by.role === undefined && named > 0 && named < count)
    throw wrongAt('approvers_too_few', `${path}/by/count`, `${count} people must agree, and ${named} are named`);
  const problem = rule.when === undefined ? null : checkCondition(rule.when);
  if (problem !== null) throw wrongAt('condition_invalid', `${path}/when`, `not a condition over args: ${problem}`);
}

const wrongAt = (code: ErrorCode, path: string, message: string): HoldfastError =>
  refused(code, message, [{ path, message }]);
