import { agentSpec, agentVersionResource } from '@holdfast/contracts';
import { publishAgent, withinQuota } from '@holdfast/core';
import { z } from 'zod';
import { nothing, route } from '../../http/route.ts';
import { versionResource } from '../../resources/agent.ts';

/** The body is an agent spec. Publishing the same again returns the version there is, with 200. */
export const publish = route({
  method: 'POST',
  url: '/v1/agents',
  operation: 'agents.publish',
  content: true,
  params: nothing,
  query: z.strictObject({ offline: z.stringbool().default(false) }),
  body: z.unknown(),
  yaml: true,
  documentedBody: agentSpec,
  idempotent: true,
  // Publishing the same again changes nothing.
  audit: ({ answer: { status, json } }) => {
    if (status !== 201) return null;
    const { agent, number } = published.parse(json);
    return { target: `/v1/agents/${agent}/versions/${number}`, after: json };
  },
  tag: 'Agents',
  summary: 'Publish a version',
  description:
    'The body is an agent, as JSON or YAML. Its tools are listed now and kept with the version. Publishing the same again gives the version there is, with 200. With `?offline=true` a tool server that does not answer is taken as it was known before.',
  answers: {
    200: { description: 'The newest version is the same already.', json: agentVersionResource },
    201: { description: 'The new version.', json: agentVersionResource },
  },
  refusals: [
    'quota_exceeded',
    'agent_not_found',
    'agent_feature_unavailable',
    'condition_invalid',
    'role_invalid',
    'approvers_too_few',
    'limit_too_low',
    'model_unknown',
    'price_unknown',
    'context_too_large',
    'model_without_tools',
    'tool_unknown',
    'tool_invalid',
    'tool_server_unknown',
    'tool_server_unavailable',
  ],
  handle: (ports, { caller, query, body, once }) =>
    once(
      () => publishAgent(ports.publishing, caller, body, query),
      async (stores, { draft, spec, hash }) => {
        const { version, created } = await withinQuota(stores, ports.quotas, caller, 'agents', () =>
          stores.agents.publish(caller, draft, spec, hash),
        );
        return { status: created ? 201 : 200, json: versionResource(version, spec) };
      },
    ),
});

const published = z.object({ agent: z.string(), number: z.int() });
