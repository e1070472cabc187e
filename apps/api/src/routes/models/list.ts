import { modelPage } from '@holdfast/contracts';
import { noBody, nothing, route } from '../../http/route.ts';
import { modelResource } from '../../resources/model.ts';

/** All of them: an installation has a handful. */
export const list = route({
  method: 'GET',
  url: '/v1/models',
  operation: 'models.list',
  params: nothing,
  query: nothing,
  body: noBody,
  tag: 'Models',
  summary: 'List models',
  description:
    'By the names that agents use. Whether a model’s server answers is looked at when somebody asks here, at most every 30 s. Keys and addresses are not shown.',
  answers: { 200: { description: 'The models.', json: modelPage } },
  handle: async ({ publishing: { models } }) => {
    const items = await Promise.all(
      models.names().flatMap((name) => {
        const facts = models.facts(name);
        return facts === undefined ? [] : [models.health(name).then((health) => modelResource(name, facts, health))];
      }),
    );
    return { status: 200, json: { items } };
  },
});
