import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { authority, describeRedis, freePort, REDIS_PASSWORD, type RedisServer } from '@holdfast/testing/servers';
import { afterAll, describe, expect, test } from 'vitest';
import { connection } from './connection.ts';
import { examineRedis } from './examine-redis.ts';
import { beginProcess, settingsFor } from './processes.suite.ts';
import { RedisCaInvalid, type RedisSettings } from './settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'hf-redis-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function found(settings: RedisSettings): Promise<string[]> {
  const lines: string[] = [];
  for await (const { level, check, detail } of examineRedis(settings)) lines.push(`${level} ${check}: ${detail}`);
  return lines;
}

const usersFile = fileURLToPath(new URL('../../../../deploy/valkey/users.acl', import.meta.url));
const [, line = ''] = readFileSync(usersFile, 'utf8').trim().split('\n');
/** What the user may do. */
const rights = line.match(/(?<= )\+\w+/g) ?? [];
const nameWithout = (right: string): string => `without-${right.slice(1)}`;
const lineWithout = (right: string): string =>
  line
    .split(' ')
    .filter((word) => word !== right)
    .join(' ')
    .replace('#HOLDFAST_PASSWORD_SHA256', '%')
    .replace('user holdfast', `user ${nameWithout(right)}`);

const as = ({ url }: RedisServer, user: string, password = REDIS_PASSWORD): string =>
  url.replace(`holdfast:${REDIS_PASSWORD}`, `${user}:${password}`);

describeRedis(
  'connecting',
  (server) => {
    test.each(rights)('the user of users.acl needs %s', async (right) => {
      // A number other than 0 has to be selected.
      const url = `${as(server(), nameWithout(right))}/3`;
      expect(await found(settingsFor(server(), url))).toEqual([
        expect.stringMatching(/^fail redis: the user without-\w+ lacks a right .*users\.acl/),
      ]);
    });

    test('and nothing else: what is not ours is refused', async () => {
      const redis = connection(settingsFor(server(), server().url), { once: true });
      await redis.connect();
      for (const refused of [
        () => redis.set('other:key', 'x'),
        () => redis.publish('other:channel', 'x'),
        () => redis.subscribe('other:channel'),
        () => redis.psubscribe('*'),
        () => redis.get('holdfast:key'),
        () => redis.keys('*'),
        () => redis.flushall(),
        () => redis.config('GET', '*'),
        () => redis.eval("return redis.call('set', KEYS[1], 1)", 1, 'other:key'),
      ])
        await expect(refused()).rejects.toThrow(/NOPERM|permission/);
      redis.disconnect();
    });

    test('says that all is well', async () => {
      expect(await found(settingsFor(server(), server().url))).toEqual([
        `ok redis: answers at 127.0.0.1:${server().port}, with all rights that are needed`,
      ]);
    });

    test.each([
      ['a wrong password', 'holdfast:wrong', /refuses the user holdfast or its password/],
      ['a user who is not there', 'nobody:x', /refuses the user nobody or its password/],
      ['no user', '', /asks for a user and a password. Add them: REDIS_URL=rediss?:\/\/user:password@/],
    ])('explains %s', async (_, login, words) => {
      const url = server().url.replace(/\/\/.*@/, login === '' ? '//' : `//${login}@`);
      expect(await found(settingsFor(server(), url))).toEqual([expect.stringMatching(words)]);
    });

    test('explains a database that is not there', async () => {
      expect(await found(settingsFor(server(), `${server().url}/99`))).toEqual([
        expect.stringContaining('has no database 99'),
      ]);
    });

    test('explains a server that is not there', async () => {
      const url = `redis://127.0.0.1:${await freePort()}`;
      expect(await found(settingsFor({ caFile: null }, url))).toEqual([expect.stringContaining('Nobody listens at')]);
      expect(await found(settingsFor({ caFile: null }, 'redis://nowhere.invalid'))).toEqual([
        expect.stringContaining('The name nowhere.invalid is not known here'),
      ]);
    });

    test('goes on trying with a password that is wrong, says it once, and shows it nowhere', async () => {
      const running = beginProcess(server(), 'x', as(server(), 'holdfast', 'wrong-secret'));
      await expect.poll(() => running.told.length).toBe(1);
      // Each attempt asks anew.
      await expect(running.redis.rateLimiter.take('bucket', 10)).rejects.toThrow('127.0.0.1');
      expect(running.told).toEqual([expect.stringMatching(/refuses the user holdfast or its password/)]);
      expect(running.told.join()).not.toContain('wrong-secret');
      expect(running.redis.up).toBe(false);
      await running.close();
    });

    describe('over TLS or not', () => {
      test('asks for what the server speaks', async () => {
        const { caFile, url } = server();
        if (caFile === null) {
          const ca = join(folder, 'other.pem');
          writeFileSync(ca, authority(folder, 'other').certificate);
          expect(await found(settingsFor({ caFile: ca }, url.replace('redis:', 'rediss:')))).toEqual([
            expect.stringContaining('does it speak no TLS there? Then use redis://'),
          ]);
          return;
        }
        expect(await found(settingsFor({ caFile: null }, url.replace('rediss:', 'redis:')))).toEqual([
          expect.stringContaining('does it speak TLS there? Then use rediss://'),
        ]);
        expect(await found(settingsFor({ caFile: null }, url))).toEqual([
          expect.stringContaining('Name the file of its authority in REDIS_TLS_CA_PATH'),
        ]);
        const other = join(folder, 'others.pem');
        writeFileSync(other, authority(folder, 'others').certificate);
        expect(await found(settingsFor({ caFile: other }, url))).toEqual([
          expect.stringContaining('Name the file of its authority in REDIS_TLS_CA_PATH'),
        ]);
        expect(await found(settingsFor({ caFile }, url.replace('127.0.0.1', 'localhost')))).toEqual([
          expect.stringContaining('is not for the name localhost'),
        ]);
      });
    });
  },
  { users: rights.map(lineWithout) },
);

test('a file without authorities stops the start', () => {
  const empty = join(folder, 'empty.pem');
  writeFileSync(empty, 'nothing');
  for (const caFile of [empty, join(folder, 'missing.pem')])
    expect(() => settingsFor({ caFile }, 'rediss://cache')).toThrow(RedisCaInvalid);
});
