import { envKeyNames, type KeyMeta, metaOf } from '@holdfast/contracts';
import { expect, test } from 'vitest';
import { diffLines, environmentDiff } from './harness/environment-diff.ts';
import { type Addresses, type Environment, environmentsOf } from './harness/environments.ts';

const at: Addresses = {
  edge: 'http://127.0.0.1:8080',
  ports: { api: 7070, workers: [9464, 9465] },
  dataDir: '/data',
  toolServersFile: '/data/tools.json',
  database: {
    api: {
      pooled: 'postgres://holdfast_api:pw1@127.0.0.1:6432/holdfast',
      direct: 'postgres://a:pw2@127.0.0.1/holdfast',
    },
    worker: { pooled: 'postgres://w:pw3@127.0.0.1:6432/holdfast', direct: 'postgres://w:pw4@127.0.0.1/holdfast' },
    owner: 'postgres://o:pw5@127.0.0.1/holdfast',
  },
  redisUrl: 'redis://holdfast:pw6@127.0.0.1:6379',
  store: { endpoint: 'http://127.0.0.1:8333', accessKey: 'pw7', secretKey: 'pw8' },
  temporal: '127.0.0.1:7233',
  issuerInside: 'http://127.0.0.1:8081/realms/holdfast',
  clientSecret: 'pw9',
};
const environments = environmentsOf(at);

test.each<[KeyMeta['used'][number], Environment]>([
  ['api', environments.api],
  ['worker', environments.workers[0]],
  ['worker', environments.workers[1]],
  ['cli', environments.cli],
])('every key that %s is told is one that it reads', (role, environment) => {
  const read = envKeyNames.filter((key) => metaOf(key).used.includes(role));
  expect(Object.keys(environment).filter((key) => !read.some((known) => known === key))).toEqual([]);
});

test('the stack differs from `npm start` by its environment alone, which is shown without a password', () => {
  const differences = environmentDiff(environments);
  const set = new Set([...Object.keys(environments.api), ...Object.keys(environments.workers[0])]);
  expect(differences.map(({ key }) => key).toSorted()).toEqual([...set].toSorted());
  const lines = diffLines(differences);
  expect(lines).toContain('- DATABASE_URL=pglite://');
  expect(lines).toContain('+ DATABASE_URL=postgres://holdfast_api:…@127.0.0.1:6432/holdfast   (API)');
  expect(lines).toContain('+ TEMPORAL_ADDRESS=127.0.0.1:7233   (worker)');
  expect(lines.join()).not.toMatch(/pw\d/);
});

test('a key that no program reads is refused', () => {
  const api = { ...environments.api, REDIS_ADDRESS: 'redis://127.0.0.1' };
  expect(() => environmentDiff({ ...environments, api })).toThrow('REDIS_ADDRESS is no key');
});
