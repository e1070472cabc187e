import { modelPricePage, modelPricesQuery } from '@holdfast/contracts';
import { decodeCursor, encodeCursor, modelPriceCursor, pageOf } from '../../http/cursor.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { iso } from '../../resources/time.ts';

export const modelPrices = route({
  method: 'GET',
  url: '/v1/model-prices',
  operation: 'models.prices',
  params: nothing,
  query: modelPricesQuery,
  body: noBody,
  tag: 'Models',
  summary: 'List the prices of models',
  description:
    'Every version that there has been, by model, newest first. A call names the version by which it was charged in `model.called`.',
  answers: { 200: { description: 'A page of prices.', json: modelPricePage } },
  handle: async ({ prices }, { query: { model, cursor, limit } }) => {
    const last = cursor === undefined ? null : decodeCursor(modelPriceCursor, cursor);
    const after = last === null ? null : { model: last[0], version: last[1] };
    const rows = await prices.list(model ?? null, after, limit + 1);
    const item = ({ validFrom, ...row }: (typeof rows)[number]) => ({ ...row, valid_from: iso(validFrom) });
    return { status: 200, json: pageOf(rows, limit, item, (row) => encodeCursor(row.model, row.version)) };
  },
});
