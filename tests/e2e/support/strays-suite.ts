import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileArtifactStore } from '@holdfast/adapters/files';
import { type Log, removeStrays } from '@holdfast/core';
import { describe, expect, test } from 'vitest';
import { Family } from './children.ts';
import { scribe, type TestServer } from './server.ts';

const HOUR = 3_600_000;

/** Files that no event refers to, on a real disk. */
export function describeStrays(server: () => TestServer): void {
  const age = (folder: string, hours: number): void => {
    const at = new Date(Date.now() - hours * HOUR);
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), at, at);
  };
  const leave = (folder: string, text: string): string => {
    const digest = createHash('sha256').update(text).digest('hex');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, digest), text);
    return digest;
  };
  const warnings: string[] = [];
  const log = { warn: (_facts: object, text: string) => warnings.push(text) } as unknown as Log;
  const round = async (): Promise<void> => {
    const { runs, artifactRows, knowsTenant } = await server().database.worker(`strays-${randomUUID()}`);
    const artifacts = new FileArtifactStore(server().files);
    const { clock } = server().database;
    const step = removeStrays({ runs, artifacts, artifactRows, knowsTenant, clock, log }, 0);
    while ((await step()) > 0);
  };

  describe('a file that no event refers to', () => {
    test('goes after 24 hours: of a run that is there, and of one that is not', async () => {
      const { id: tenant, key } = await server().tenant('stray');
      const family = Family.with(server(), key);
      await family.publish(scribe('scribe', 1, { context: { max_tokens: 1_000_000 } }));
      const run = await family.start('scribe', { input: 'word '.repeat(20_000) });
      await family.becomes(run, 'succeeded');
      const folder = join(server().files, tenant, run);
      const needed = readdirSync(folder).toSorted();
      // Two puts whose append never came, one of them half done.
      const stray = leave(folder, 'never said');
      const half = `.${stray}.${randomUUID()}`;
      writeFileSync(join(folder, half), 'nev');
      const gone = join(server().files, tenant, randomUUID());
      leave(gone, 'of a fork that was made anew under another id');
      await round();
      expect(readdirSync(folder)).toHaveLength(needed.length + 2);
      for (const each of [folder, gone]) age(each, 23);
      await round();
      expect(readdirSync(folder)).toHaveLength(needed.length + 2);
      expect(existsSync(gone)).toBe(true);
      for (const each of [folder, gone]) age(each, 25);
      const late = leave(folder, 'just now');
      await round();
      expect(readdirSync(folder).toSorted()).toEqual([...needed, late].toSorted());
      expect(existsSync(gone)).toBe(false);
      expect(JSON.stringify((await family.run(run))['input'])).toContain('word word');
    });

    test('stays in the folder of a tenant that this database does not know', async () => {
      const foreign = join(server().files, randomUUID(), randomUUID());
      const unnamed = join(server().files, 'backup', 'of-may');
      for (const folder of [foreign, unnamed]) {
        leave(folder, 'of another database');
        age(folder, 1_000);
      }
      await round();
      for (const folder of [foreign, unnamed]) expect(readdirSync(folder)).toHaveLength(1);
      expect(warnings).toEqual([]);
    });

    test('stays where the log cannot be read, since it may refer to it', async () => {
      const { id: tenant, key } = await server().tenant('unreadable');
      const family = Family.with(server(), key);
      await family.publish(scribe('scribe', 1));
      const run = await family.start('scribe');
      await family.becomes(run, 'succeeded');
      const folder = join(server().files, tenant, run);
      const stray = leave(folder, 'who knows');
      age(folder, 25);
      await server().database.connections.lend((sql) =>
        sql.query("update holdfast.run_events set payload = 'broken' where run_id = $1 and seq = 3", [run]),
      );
      await round();
      expect(readdirSync(folder)).toContain(stray);
    });
  });
}
