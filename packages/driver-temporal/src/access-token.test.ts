import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessToken } from './access-token.ts';

let issuer: Server;
let expiresIn: unknown;

beforeAll(async () => {
  issuer = createServer((_request, response) => {
    response.end(JSON.stringify({ access_token: 'a-token', expires_in: expiresIn }));
  });
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', () => resolve()));
});
afterAll(() => void issuer.close());

test.each([
  ['three quarters of its life', 300, 225_000],
  ['a minute’s where nobody says', undefined, 45_000],
  ['a minute’s where it has none', 0, 45_000],
  ['a day, however long it lives: timers hold no more than 24.8', 3_000_000, 86_400_000],
])('is renewed after %s', async (_when, given, renewInMs) => {
  expiresIn = given;
  const address = issuer.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const token = { url: `http://127.0.0.1:${address.port}/token`, clientId: 'c', clientSecret: 's' };
  expect(await accessToken(token)).toEqual({ text: 'a-token', renewInMs });
});
