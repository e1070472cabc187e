import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { TestServer } from './server.ts';

/** On a server with an agent `asker`. */
export function describeBulkRefusals(given: () => { readonly server: TestServer; readonly key: string }): void {
  describe('a bulk operation that is refused', () => {
    const post = (path: string, body: unknown) => given().server.ask(given().key, 'POST', path, body);
    const get = (path: string) => given().server.ask(given().key, 'GET', path);
    const filter = { agent: 'asker' };
    test.each<[string, unknown, string]>([
      ['no operation', { filter }, '/operation'],
      ['an unknown operation', { operation: 'delete', filter }, '/operation'],
      ['no filter', { operation: 'cancel' }, '/filter'],
      ['an empty filter', { operation: 'cancel', filter: {} }, '/filter'],
      ['an unknown filter', { operation: 'cancel', filter: { colour: 'red' } }, '/filter/colour'],
      ['a malformed time', { operation: 'cancel', filter: { created_after: 'yesterday' } }, '/filter/created_after'],
      ['a malformed thread', { operation: 'cancel', filter: { thread: 'x' } }, '/filter/thread'],
      ['a reason for a rerun', { operation: 'rerun', filter, reason: 'x' }, '/reason'],
      ['a rerun with a version', { operation: 'rerun', filter, version: 1 }, '/version'],
      ['version and alias', { operation: 'fork', filter, version: 1, alias: 'prod' }, '/alias'],
      ['a malformed tag', { operation: 'fork', filter, tags: ['a b'] }, '/tags/0'],
    ])('%s', async (_what, body, place) => {
      expect(await post('/v1/bulk', body)).toMatchObject({
        status: 422,
        json: { code: 'validation_failed', errors: expect.arrayContaining([expect.objectContaining({ path: place })]) },
      });
    });

    test.each([
      ['an unknown version', { version: 99 }, 'version_not_found'],
      ['an unknown alias', { alias: 'none' }, 'alias_not_found'],
      ['an unknown agent', { version: 1, filter: { agent: 'nobody' } }, 'agent_not_found'],
    ])('a fork into %s', async (_what, change, code) => {
      expect(await post('/v1/bulk', { operation: 'fork', filter, ...change })).toMatchObject({
        status: 404,
        json: { code },
      });
    });

    test('an unknown operation, and a malformed one', async () => {
      const unknown = randomUUID();
      expect(await get(`/v1/bulk/${unknown}`)).toMatchObject({ status: 404, json: { code: 'bulk_not_found' } });
      expect(await post(`/v1/bulk/${unknown}/cancel`, {})).toMatchObject({
        status: 404,
        json: { code: 'bulk_not_found' },
      });
      expect(await get('/v1/bulk/nope')).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
      expect(await get('/v1/bulk?cursor=%21')).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    });
  });
}
