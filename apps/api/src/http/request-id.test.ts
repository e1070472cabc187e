import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { requestIds } from './request-id.ts';

const from = (remoteAddress: string | undefined, id: string | string[] | undefined): IncomingMessage =>
  // No more of a request is looked at.
  ({ headers: { 'x-request-id': id }, socket: { remoteAddress } }) as unknown as IncomingMessage;

describe('the id of a request', () => {
  const idOf = requestIds(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);

  test.each(['10.1.2.3', '192.0.2.7', '::ffff:10.1.2.3', 'fd00::1'])('is that of the edge at %s', (edge) => {
    expect(idOf(from(edge, 'mine-1'))).toBe('mine-1');
  });

  test.each(['11.1.2.3', '192.0.2.8', '::1', '', undefined])('is a new one when %s gives one', (client) => {
    expect(idOf(from(client, 'mine-1'))).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each([undefined, '', 'a b', 'x'.repeat(65), ['a', 'b']])('is a new one instead of %j', (given) => {
    expect(idOf(from('10.1.2.3', given))).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('is a new one where no edge is known', () => {
    expect(requestIds([])(from('127.0.0.1', 'mine-1'))).not.toBe('mine-1');
  });
});
