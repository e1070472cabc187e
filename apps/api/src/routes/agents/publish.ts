import { publishAgent } from '@holdfast/core';
import { z } from 'zod';
import { nothing, route } from '../../http/route.ts';
import { versionResource } from '../../resources/agent.ts';

/** The body is an agent spec. Publishing the same again returns the version there is, with 200. */
export const publish = route({
  method: 'POST',
  url: '/v1/agents',
  operation: 'agents.publish',
  params: nothing,
  query: nothing,
  body: z.unknown(),
  yaml: true,
  handle: (ports, { caller, body, once }) =>
    once(
      () => publishAgent(ports.publishing, body),
      async ({ agents }, { draft, spec, hash }) => {
        const { version, created } = await agents.publish(caller, draft, spec, hash);
        return { status: created ? 201 : 200, json: versionResource(version, spec) };
      },
    ),
});
