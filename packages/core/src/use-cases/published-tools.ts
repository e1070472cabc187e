import type {
  AgentSpec,
  ApprovalRule,
  ErrorCode,
  HoldfastError,
  ProblemError,
  PublishedTool,
} from '@holdfast/contracts';
import type { AgentVersions } from '../children/pinned-agents.ts';
import { toolHash } from '../executor/tool-hash.ts';
import { type ListedTool, type ToolServers, ToolServerUnavailable } from '../executor/tools.ts';
import { checkCondition } from '../run/condition.ts';
import { schemaProblem } from '../run/json-schema.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { builtinTools } from './builtin-tools.ts';
import { agentCandidate } from './published-agent.ts';
import { refused } from './refused.ts';
import type { Candidate } from './tool-candidate.ts';

export interface PublishedToolsPorts {
  readonly tools: ToolServers;
  readonly agents: AgentVersions;
}

type ToolSpec = AgentSpec['tools'][number];

/** Names that every model accepts. */
const fits = /^[a-zA-Z0-9_-]{1,64}$/;

/**
 * The tools of a version as their servers list them now, under names that are unique and that models accept.
 * @throws HoldfastError `tool_server_unknown`, `tool_unknown`, `tool_server_unavailable`, `condition_invalid`, `tool_invalid`,
 * `agent_not_found`, `version_not_found`, `alias_not_found`.
 */
export async function publishedTools(
  ports: PublishedToolsPorts,
  scope: TenantScope,
  spec: AgentSpec,
): Promise<PublishedTool[]> {
  const candidates: Candidate[] = [];
  for (const [index, tool] of spec.tools.entries()) {
    checkApproval(tool.approval, `/tools/${index}/approval`);
    candidates.push(...(await candidatesOf(ports, scope, spec, tool, `/tools/${index}`)));
  }
  const taken = new Map<string, number>();
  for (const { listed } of candidates) taken.set(listed.name, (taken.get(listed.name) ?? 0) + 1);
  const published = candidates.map((candidate) => publish(candidate, (taken.get(candidate.listed.name) ?? 0) > 1));
  checkNames(candidates, published);
  return published;
}

async function candidatesOf(
  ports: PublishedToolsPorts,
  scope: TenantScope,
  spec: AgentSpec,
  tool: ToolSpec,
  path: string,
): Promise<Candidate[]> {
  if ('mcp' in tool) return ofServer(ports.tools, spec, tool, path);
  if ('agent' in tool) return [await agentCandidate(ports.agents, scope, spec, tool, path)];
  const { effect, ...listed } = builtinTools[tool.builtin];
  const source = { type: 'builtin', name: tool.builtin } as const;
  return [{ path, listed, source, effect, approval: tool.approval ?? null, retries: spec.retries }];
}

async function ofServer(
  servers: ToolServers,
  spec: AgentSpec,
  tool: Extract<ToolSpec, { mcp: string }>,
  path: string,
): Promise<Candidate[]> {
  const server = tool.mcp;
  const known = servers.names();
  if (!known.includes(server))
    throw wrongAt(
      'tool_server_unknown',
      `${path}/mcp`,
      `there is no tool server ${server}; registered: ${list(known)}`,
    );
  const listed = await listTools(servers, server, path);
  const names = listed.map(({ name }) => name);
  const issues = (tool.allow ?? []).flatMap((name, index): ProblemError[] =>
    names.includes(name)
      ? []
      : [{ path: `${path}/allow/${index}`, message: `${server} has no tool ${name}; it has: ${list(names)}` }],
  );
  if (issues.length > 0) throw refused('tool_unknown', issues[0]?.message ?? 'unknown tool', issues);
  return listed
    .filter(({ name }) => tool.allow?.includes(name) ?? true)
    .map((found) => ({
      path,
      listed: found,
      source: { type: 'mcp', server, tool: found.name },
      effect: tool.effect ?? 'once',
      approval: tool.approval ?? null,
      retries: {
        ...spec.retries,
        ...(tool.timeout === undefined ? {} : { timeout: tool.timeout }),
        ...(tool.attempts === undefined ? {} : { attempts: tool.attempts }),
      },
    }));
}

async function listTools(servers: ToolServers, server: string, path: string): Promise<readonly ListedTool[]> {
  try {
    return await servers.list(server);
  } catch (error) {
    if (!(error instanceof ToolServerUnavailable)) throw error;
    throw wrongAt(
      'tool_server_unavailable',
      `${path}/mcp`,
      `the tool server ${server} does not answer: ${error.message}`,
    );
  }
}

function publish({ listed, source, effect, approval, retries }: Candidate, collides: boolean): PublishedTool {
  return {
    name: collides && source.type === 'mcp' ? `${source.server}_${listed.name}` : listed.name,
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
  const problem = rule.when === undefined ? null : checkCondition(rule.when);
  if (problem !== null) throw wrongAt('condition_invalid', `${path}/when`, `not a condition over args: ${problem}`);
}

const wrongAt = (code: ErrorCode, path: string, message: string): HoldfastError =>
  refused(code, message, [{ path, message }]);

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
