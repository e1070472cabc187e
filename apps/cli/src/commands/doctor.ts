import { parseEnv } from '@holdfast/contracts';
import type { Finding } from '@holdfast/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examine } from '../doctor.ts';
import { exitCodes } from '../failure.ts';
import { paint, printable } from '../output.ts';
import { clientSettings, type Surroundings } from '../settings.ts';

/** Only where Temporal is configured here: the API knows nothing of it. */
async function* examineEngine(env: Surroundings['env']): AsyncGenerator<Finding, void, undefined> {
  const { temporal, secrets } = parseEnv(env);
  if (temporal === null) return;
  const { configuredSettings, examineTemporal } = await import('@holdfast/driver-temporal');
  yield* examineTemporal(configuredSettings(temporal, secrets));
}

/** Only where a Postgres is configured here: what the API knows of it, it tells nobody. */
async function* lookAtDatabase(env: Surroundings['env']): AsyncGenerator<Finding, void, undefined> {
  const config = parseEnv(env);
  if (config.secrets.database === null) return;
  const { examineDatabase } = await import('@holdfast/adapters/postgres');
  yield* examineDatabase(config);
}

/** Only where an issuer is configured here: what the API knows of it, it tells nobody. */
async function* lookAtIssuer(env: Surroundings['env']): AsyncGenerator<Finding, void, undefined> {
  const { oidc } = parseEnv(env);
  if (oidc === null) return;
  const { examineIssuer } = await import('@holdfast/adapters/oidc');
  yield* examineIssuer(oidc);
}

/** Only where one is configured here. */
async function* lookAtRedis(env: Surroundings['env']): AsyncGenerator<Finding, void, undefined> {
  const { redis, secrets } = parseEnv(env);
  if (redis === null) return;
  const { examineRedis, redisSettings } = await import('@holdfast/adapters/redis');
  yield* examineRedis(redisSettings(redis, secrets.redis));
}

/** Only where a bucket is configured here: the API says that it does not answer, and not why. */
async function* lookAtBucket(env: Surroundings['env']): AsyncGenerator<Finding, void, undefined> {
  const { s3, secrets } = parseEnv(env);
  if (s3 === null) return;
  const { examineBucket } = await import('@holdfast/adapters/s3');
  yield* examineBucket({ ...s3, credentials: secrets.s3 });
}

async function* each(all: readonly AsyncGenerator<Finding>[]): AsyncGenerator<Finding, void, undefined> {
  for (const findings of all) yield* findings;
}

const tones = { ok: 'good', warn: 'people', fail: 'bad' } as const;

export function doctor(program: Command, { client, output, exit, surroundings }: Context): void {
  program
    .command('doctor')
    .description(
      'look whether everything works: server, database, key, models, tool servers, Temporal, the OIDC issuer, the bucket of the artifacts, Redis; exits with 1 when not',
    )
    .action(async () => {
      const findings: Finding[] = [];
      const show = output();
      const all = [
        examine(client(), clientSettings(surroundings).url, show.program),
        lookAtDatabase(surroundings.env),
        examineEngine(surroundings.env),
        lookAtIssuer(surroundings.env),
        lookAtRedis(surroundings.env),
        lookAtBucket(surroundings.env),
      ];
      for await (const finding of each(all)) {
        findings.push(finding);
        const { level, check, detail } = finding;
        if (show.json) show.out(JSON.stringify(finding));
        else show.out(paint(show, tones[level], printable(`${level.padEnd(5)} ${check.padEnd(20)} ${detail}`)));
      }
      exit(findings.some(({ level }) => level === 'fail') ? exitCodes.failed : exitCodes.ok);
    });
}
