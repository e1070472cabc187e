import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@holdfast/testing/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ran, ranCli } from './support/run-cli.ts';
import { scribe, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
let key: string;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
  server = await startServer('pglite://memory');
  ({ key } = await server.tenant('cli'));
  writeFileSync(join(folder, 'scribe.json'), JSON.stringify(scribe('scribe', 1)));
  const asker = scribe('asker', 1, {
    rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'Your name?' } }] }, { say: 'Hello {{last}}' }],
  });
  writeFileSync(join(folder, 'asker.yaml'), JSON.stringify(asker));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const environment = (): Record<string, string> => ({ HOLDFAST_URL: server.url, HOLDFAST_API_KEY: key });

/** The program inside this process. */
const holdfast = (
  args: readonly string[],
  { env = {}, ...typing }: { tty?: boolean; env?: Record<string, string>; secret?: string } = {},
): Promise<Ran> => ranCli(args, { secret: '', ...typing, env: { ...environment(), ...env }, folder });

const json = async (args: readonly string[]): Promise<Record<string, unknown>> => {
  const { code, out, err } = await holdfast([...args, '--json']);
  expect(err).toBe('');
  expect(code).toBe(0);
  return JSON.parse(out) as Record<string, unknown>;
};

/** The program as a process of its own. */
function child(args: readonly string[], input: string, env: Record<string, string> = {}): Promise<Ran> {
  const program = spawn(
    process.execPath,
    ['--conditions=holdfast-source', '--import', 'tsx', 'apps/cli/src/main.ts', ...args],
    {
      env: { PATH: process.env['PATH'], HOME: folder, ...environment(), ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let [out, err] = ['', ''];
  program.stdout.on('data', (data) => (out += String(data)));
  program.stderr.on('data', (data) => (err += String(data)));
  program.stdin.end(input);
  return new Promise((resolve) => program.on('close', (code) => resolve({ code: code ?? -1, out, err })));
}

const started = async (agent: string): Promise<string> => {
  const { out } = await holdfast(['run', agent, '--detach']);
  return out.trim();
};

describe('agents', () => {
  test('are published, listed, shown, compared and given aliases', async () => {
    expect(await holdfast(['publish', join(folder, 'scribe.json'), '--alias', 'prod'])).toMatchObject({
      code: 0,
      out: 'scribe version 1, 3 tools, alias prod\n',
    });
    expect(await holdfast(['agents', 'list'])).toMatchObject({ code: 0, out: 'scribe\t1\tprod=1\t\n' });
    expect((await holdfast(['agents', 'show', 'scribe'])).out).toContain('tool\tartifacts_write');
    expect((await holdfast(['agents', 'versions', 'scribe'])).out).toMatch(/^scribe\t1\t/);
    expect((await holdfast(['diff', join(folder, 'scribe.json')])).code).toBe(0);
    writeFileSync(join(folder, 'changed.yaml'), JSON.stringify(scribe('scribe', 2)));
    const differs = await holdfast(['diff', join(folder, 'changed.yaml')]);
    expect(differs.code).toBe(1);
    expect(differs.out).toMatch(/^- {5}repeat: 1$/m);
    expect(differs.out).toMatch(/^\+ {5}repeat: 2$/m);
    await holdfast(['publish', join(folder, 'changed.yaml')]);
    expect((await holdfast(['agents', 'alias', 'scribe', 'prod', '1=9', '2=1'])).code).toBe(0);
    expect((await holdfast(['agents', 'list'])).out).toContain('prod=1×9+2×1');
  });
});

describe('runs', () => {
  test('are started and watched to their end, which is the exit code', async () => {
    await holdfast(['publish', join(folder, 'scribe.json')]);
    const ran = await holdfast(['run', 'scribe', 'go', '--tag', 'a', 'b', '--metadata', 'k=v', '--priority', '3']);
    expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/run\.succeeded[^]*\n\ndone\n$/) });
    const [, id = ''] = /run (\S+)/.exec(ran.err) ?? [];
    expect(await json(['runs', 'show', id])).toMatchObject({ id, tags: ['a', 'b'], metadata: { k: 'v' }, priority: 3 });
    expect((await holdfast(['runs', 'show', id])).out).toContain('status\tsucceeded');
    expect((await holdfast(['runs', 'list', '--tag', 'b'])).out).toContain(`${id}\tscribe\tsucceeded`);
    const watched = await holdfast(['watch', id, '--json']);
    const events = watched.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect((await holdfast(['runs', 'watch', id, '--after', '2'])).out).not.toContain('run.created');
    expect((await holdfast(['runs', 'effects', id])).out).toContain('artifacts_write');
    expect((await holdfast(['artifacts', 'list', id])).out).toMatch(/^note\.txt\t4\t/);
    expect(await holdfast(['artifacts', 'get', id, 'note.txt'])).toMatchObject({ code: 0, out: 'note' });
    await holdfast(['artifacts', 'get', id, 'note.txt', '-o', join(folder, 'note')]);
    expect(readFileSync(join(folder, 'note'), 'utf8')).toBe('note');
  });

  test('are given files, each of them in one run only', async () => {
    await holdfast(['publish', join(folder, 'scribe.json')]);
    const file = join(folder, 'given.csv');
    writeFileSync(file, 'a,b\n1,2\n');
    const ran = await holdfast(['run', 'scribe', 'go', '--file', file]);
    expect(ran.code).toBe(0);
    const [, id = ''] = /run (\S+)/.exec(ran.err) ?? [];
    expect(await holdfast(['artifacts', 'get', id, 'given.csv'])).toMatchObject({ code: 0, out: 'a,b\n1,2\n' });

    expect(await holdfast(['run', 'scribe', 'go', '--file', join(folder, 'no-file')])).toMatchObject({
      code: 1,
      err: expect.stringContaining(`There is no file ${join(folder, 'no-file')}`),
    });
    const twice = await holdfast(['run', 'scribe', 'go', '--file', file, '--idempotency-key', 'once', '--detach']);
    expect(twice).toMatchObject({ code: 2, out: '', err: expect.stringContaining('does not go with --file') });
  });

  test('wait for a person with exit code 3, and say what settles it', async () => {
    await holdfast(['publish', join(folder, 'asker.yaml')]);
    const ran = await holdfast(['run', 'asker']);
    expect(ran.code).toBe(3);
    const [, id = '', ref = ''] = /holdfast decide (\S+) (\S+) --answer/.exec(ran.err) ?? [];
    expect((await holdfast(['attention'])).out).toContain(`${id}\t${ref}\tquestion`);
    expect(await json(['attention', 'list', '--run', id])).toMatchObject({ items: [{ ref, kind: 'question' }] });
    expect(await holdfast(['decide', id])).toMatchObject({
      code: 2,
      err: expect.stringMatching(new RegExp(`question ${ref}: Your name\\?\\n.*--answer TEXT[^]*Give exactly one of`)),
    });
    expect((await holdfast(['decide', id, ref, '--answer', '{"name'])).code).toBe(2);
    expect((await holdfast(['decide', id, ref, '--approve'])).code).toBe(1);
    expect((await holdfast(['messages', 'send', id, 'hear me'])).out).toContain('received (queue)');
    const decided = await holdfast(['attention', 'decide', id, ref, '--answer', '"Ada"']);
    expect(decided).toMatchObject({ code: 0, err: expect.stringContaining(`holdfast watch ${id} --after `) });
    expect((await holdfast(['runs', 'watch', id])).out).toContain('Hello Ada');
  });

  test('take an answer without a ref or quotes, when one thing waits', async () => {
    await holdfast(['publish', join(folder, 'asker.yaml')]);
    const [, id = ''] = /run (\S+)/.exec((await holdfast(['run', 'asker'])).err) ?? [];
    expect((await holdfast(['decide', id, '--answer', '42'])).code).toBe(0);
    expect((await holdfast(['watch', id])).out).toContain('Hello 42');
    const nothing = await holdfast(['decide', id, '--answer', 'Ada']);
    expect(nothing).toMatchObject({ code: 1, err: expect.stringContaining('Nothing of run') });

    const both = scribe('both', 1, {
      rehearsal: [{ calls: ['one?', 'two?'].map((question) => ({ tool: 'ask', args: { question } })) }],
    });
    writeFileSync(join(folder, 'both.json'), JSON.stringify(both));
    await holdfast(['publish', join(folder, 'both.json')]);
    const [, two = ''] = /run (\S+)/.exec((await holdfast(['run', 'both'])).err) ?? [];
    expect(await holdfast(['decide', two, '--answer', 'x'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Say which: \S+ \(question\), \S+ \(question\)/),
    });
    expect((await holdfast(['cancel', two])).code).toBe(0);
  });

  test('are answered and resolved under the names of that', async () => {
    await holdfast(['publish', join(folder, 'asker.yaml')]);
    const ask = async (): Promise<readonly [id: string, ref: string]> => {
      const { err } = await holdfast(['run', 'asker']);
      const [, id = '', ref = ''] = /holdfast decide (\S+) (\S+) --answer/.exec(err) ?? [];
      return [id, ref];
    };
    const [alone] = await ask();
    expect(await holdfast(['attention', 'answer', alone, 'my', 'name', 'is'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('quotes'),
    });
    expect((await holdfast(['attention', 'answer', alone, 'Ada'])).code).toBe(0);
    expect((await holdfast(['watch', alone])).out).toContain('Hello Ada');
    const [id, ref] = await ask();
    expect((await holdfast(['attention', 'resolve', id, ref, 'retry'])).err).toContain('it takes answer, not retry');
    expect((await holdfast(['attention', 'resolve', id, 'fail', '--reason', 'x'])).err).toContain(
      'it takes answer, not fail',
    );
    for (const wrong of [['done'], ['retry', 'it'], [ref, 'forget'], [ref]])
      expect((await holdfast(['attention', 'resolve', id, ...wrong])).code, wrong.join(' ')).toBe(2);
    expect((await holdfast(['attention', 'answer', id, ref, 'Bob'])).code).toBe(0);
    expect((await holdfast(['watch', id])).out).toContain('Hello Bob');
  });

  test('are decided with nothing that the decision has no place for', async () => {
    await holdfast(['publish', join(folder, 'asker.yaml')]);
    const [, id = ''] = /run (\S+)/.exec((await holdfast(['run', 'asker'])).err) ?? [];
    for (const [option, ...said] of [
      ['--reason', '--answer', 'x'],
      ['--reason', '--raise', '9'],
      ['--hash', '--answer', 'x'],
      ['--hash', '--retry'],
    ])
      expect(await holdfast(['decide', id, ...said, String(option), 'y'])).toMatchObject({
        code: 2,
        err: expect.stringMatching(new RegExp(`^holdfast: ${option} .* --${said[0]?.slice(2)}\\b`)),
      });
    expect((await holdfast(['cancel', id])).code).toBe(0);
  });

  test('wait for a person with exit code 3 when a run below them does, and say which', async () => {
    await holdfast(['publish', join(folder, 'asker.yaml')]);
    const parent = {
      name: 'parent',
      model: { name: 'rehearsal' },
      tools: [{ agent: 'asker' }],
      rehearsal: [{ calls: [{ tool: 'asker', args: { input: 'go' } }] }, { say: '{{answers}}' }],
    };
    writeFileSync(join(folder, 'parent.json'), JSON.stringify(parent));
    await holdfast(['publish', join(folder, 'parent.json')]);
    const ran = await holdfast(['run', 'parent']);
    const [, id = ''] = /run (\S+)/.exec(ran.err) ?? [];
    const [child] = (await json(['runs', 'list', '--parent', id]))['items'] as { id: string }[];
    expect(ran).toMatchObject({
      code: 3,
      err: expect.stringMatching(
        new RegExp(
          `The run waits for a person:\n  below it, run ${child?.id} of asker:\n  question \\S+: Your name\\?\n    holdfast decide ${child?.id} `,
        ),
      ),
    });
    expect((await holdfast(['decide', String(child?.id), '--answer', 'Ada'])).code).toBe(0);
    expect((await holdfast(['watch', id])).out).toContain('Hello Ada');
  });

  test('are paused, resumed, cancelled, forked and run again', async () => {
    await holdfast(['publish', join(folder, 'asker.yaml')]);
    const id = await started('asker');
    expect((await holdfast(['pause', id, '--reason', 'lunch'])).out).toBe(`${id} is paused\n`);
    const fork = await json(['runs', 'fork', id, '--at', '1', '--detach', '--tag', 'forked']);
    expect(fork).toMatchObject({ forked_from: { run: id, seq: 1 }, tags: ['forked'] });
    expect((await holdfast(['resume', id])).code).toBe(0);
    expect((await holdfast(['runs', 'cancel', id])).code).toBe(0);
    const again = await json(['runs', 'rerun', id, '--detach']);
    expect(again).toMatchObject({ forked_from: { run: id } });
    expect((await holdfast(['cancel', String(again['id'])])).code).toBe(0);
    expect((await holdfast(['watch', id])).code).toBe(1);
  });

  test('are treated alike: bulk operations, waited for, asked for again, listed and stopped', async () => {
    const made = [await started('asker'), await started('asker')];
    for (const run of made) await holdfast(['runs', 'show', run]);
    const filter = ['--agent', 'asker', '--status', 'waiting'];
    await expect
      .poll(async () => ((await json(['runs', 'list', ...filter]))['items'] as object[]).length, { timeout: 10_000 })
      .toBeGreaterThanOrEqual(2);
    const refused = await holdfast(['runs', 'bulk', 'pause', ...filter]);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('--yes')]);
    const paused = await holdfast(['runs', 'bulk', 'pause', ...filter, '--yes', '--reason', 'a break']);
    expect([paused.code, paused.out]).toEqual([
      0,
      expect.stringMatching(/^pause \S+: done, \d+ done, 0 skipped, 0 failed, of \d+\n$/),
    ]);
    for (const run of made) expect(await json(['runs', 'show', run])).toMatchObject({ status: 'paused' });

    const rerun = await json(['runs', 'bulk', 'rerun', '--status', 'paused', '--yes', '--new-tag', 'again']);
    expect(rerun).toMatchObject({ operation: 'rerun', status: 'done', failed: 0 });
    expect((await json(['runs', 'list', '--tag', 'again']))['items']).toHaveLength(Number(rerun['done']));
    const resumed = await holdfast(['runs', 'bulk', 'resume', '--agent', 'asker', '--yes']);
    expect(resumed.out).toMatch(/\n {2}skipped \d+: run_not_paused\n/);

    const { out: detached } = await holdfast(['runs', 'bulk', 'cancel', '--agent', 'asker', '--yes', '--detach']);
    const id = detached.trim();
    await expect
      .poll(async () => (await json(['runs', 'bulk', 'status', id]))['status'], { timeout: 10_000 })
      .toBe('done');
    const listed = await holdfast(['runs', 'bulk', 'list']);
    expect(listed.out).toMatch(new RegExp(`^${id}\\tcancel\\tdone\\t`));
    const stopped = await holdfast(['runs', 'bulk', 'stop', id]);
    expect(stopped).toMatchObject({ code: 1, err: expect.stringContaining('bulk_ended') });
    const [newest] = (await json(['runs', 'bulk', 'list', '--limit', '1']))['items'] as { id: string }[];
    expect(newest?.id).toBe(id);
    const { next_cursor: next } = await json(['runs', 'bulk', 'list', '--limit', '1']);
    const older = await json(['runs', 'bulk', 'list', '--limit', '1', '--cursor', String(next)]);
    expect(older['items']).toMatchObject([{ operation: 'resume' }]);
    for (const [stray, ...args] of [
      ['--to-version', 'rerun', '--to-version', '1'],
      ['--reason', 'resume', '--reason', 'x'],
      ['--new-tag', 'cancel', '--new-tag', 'x'],
      ['too many arguments', 'cancel', id],
      ['missing required argument', 'status'],
    ])
      expect(
        await holdfast(['runs', 'bulk', ...args, ...(args.length > 1 ? ['--agent', 'asker', '--yes'] : [])]),
        stray,
      ).toMatchObject({ code: 2, err: expect.stringContaining(String(stray)) });
    const wrong = await holdfast(['runs', 'bulk', 'fork', '--agent', 'asker', '--to-version', '9', '--yes']);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('version_not_found') });
  });

  test('continue a thread', async () => {
    await holdfast(['publish', join(folder, 'scribe.json')]);
    const thread = (await holdfast(['threads', 'create', '--metadata', 'a=b'])).out.trim();
    expect((await holdfast(['run', 'scribe', '--thread', thread, '--wait'])).code).toBe(0);
    expect((await holdfast(['threads', 'show', thread])).out).toContain('scribe\tsucceeded');
    expect((await holdfast(['threads', 'list'])).out).toContain(thread);
  });

  test('are deleted, alone and with their thread', async () => {
    await holdfast(['publish', join(folder, 'scribe.json')]);
    const thread = (await holdfast(['threads', 'create'])).out.trim();
    for (const args of [[], ['--thread', thread]])
      expect((await holdfast(['run', 'scribe', '--tag', 'gone', '--wait', ...args])).code).toBe(0);
    const [inThread, alone] = (await json(['runs', 'list', '--tag', 'gone']))['items'] as { id: string }[];
    expect((await holdfast(['runs', 'delete', alone?.id ?? ''])).code).toBe(2);
    const deleted = await holdfast(['runs', 'delete', alone?.id ?? '', '--yes']);
    expect(deleted).toMatchObject({ code: 0, out: `${alone?.id} is deleted\n` });
    expect((await holdfast(['runs', 'show', alone?.id ?? ''])).err).toContain('run_not_found');
    expect((await holdfast(['threads', 'delete', thread])).code).toBe(2);
    expect(await json(['threads', 'delete', thread, '--yes'])).toEqual({ id: thread, deleted: true });
    expect((await holdfast(['threads', 'show', thread])).err).toContain('thread_not_found');
    expect((await holdfast(['runs', 'show', inThread?.id ?? ''])).err).toContain('run_not_found');
    await holdfast(['publish', join(folder, 'asker.yaml')]);
    const live = await started('asker');
    const refusal = await holdfast(['runs', 'delete', live, '--yes']);
    expect(refusal).toMatchObject({ code: 1, err: expect.stringContaining('run_live') });
    await holdfast(['cancel', live]);
  });
});

describe('what belongs to the tenant', () => {
  test('secrets are set from standard input and never shown', async () => {
    const set = await holdfast(['secrets', 'set', 'crm'], { secret: 'hush' });
    expect(set).toMatchObject({ code: 0, out: 'crm version 1\n' });
    const listed = await holdfast(['secrets', 'list', '--json']);
    expect(listed.out).toContain('"crm"');
    expect(listed.out).not.toContain('hush');
    expect((await holdfast(['secrets', 'delete', 'crm'])).code).toBe(2);
    expect((await holdfast(['secrets', 'delete', 'crm', '--yes'])).code).toBe(0);
  });

  test('keys are made, listed, given a new secret and revoked; they are shown once', async () => {
    const made = await holdfast(['keys', 'create', 'ci', '--role', 'operator', 'auditor', '--expires-in', '90d']);
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining('roles operator auditor') });
    const ci = made.out.trim();
    const doctor = await holdfast(['doctor'], { env: { HOLDFAST_API_KEY: ci } });
    expect(doctor.out).toMatch(/^ok {4}key .*operator/m);
    const [, id = ''] = /ci \((\S+)\)/.exec(made.err) ?? [];
    const rotated = await holdfast(['keys', 'rotate', id, '--overlap', '1h']);
    expect(rotated.out.trim()).not.toBe(ci);
    const listed = await holdfast(['keys', 'list']);
    expect(listed.out).toContain(`${id}\tci\toperator auditor\t`);
    expect(listed.out).not.toContain(ci);
    expect((await holdfast(['keys', 'revoke', id])).code).toBe(2);
    expect((await holdfast(['keys', 'revoke', id, '--yes'])).code).toBe(0);
    expect((await holdfast(['runs', 'list'], { env: { HOLDFAST_API_KEY: ci } })).err).toContain('key_expired');
  });

  test('retention is shown, set and taken back', async () => {
    expect((await holdfast(['retention'])).out).toBe('Runs are kept for ever.\n');
    expect(await holdfast(['retention', 'set', '90'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /deletes every run that ended more than 90 days ago.* for good\. Repeat it with --yes/,
      ),
    });
    expect(await json(['retention', 'show'])).toEqual({ days: null });
    const set = await holdfast(['retention', 'set', '90', '--yes']);
    expect(set).toMatchObject({ code: 0, out: 'Runs are deleted 90 days after their end.\n' });
    expect(await json(['retention', 'show'])).toEqual({ days: 90 });
    for (const days of ['0', 'soon']) expect((await holdfast(['retention', 'set', days])).code).toBe(2);
    expect((await holdfast(['retention', 'set', '4000', '--yes'])).err).toContain('validation_failed');
    expect(await json(['retention', 'set', 'forever'])).toEqual({ days: null });
  });

  test('models, usage and audit are listed', async () => {
    expect((await holdfast(['models'])).out).toMatch(/^rehearsal\trehearsal\t/m);
    expect(await json(['usage', '--by', 'none'])).toMatchObject({ items: [{ group: 'all' }] });
    expect((await holdfast(['usage'])).out).toMatch(/^scribe\t\d+\t\d+\t\d+\t\$/m);
    expect((await holdfast(['audit', '--operation', 'agents.publish'])).out).toContain('agents.publish');
  });
});

describe('on a terminal', () => {
  test('tables and colours; without colours when NO_COLOR is set', async () => {
    await holdfast(['publish', join(folder, 'scribe.json')]);
    const coloured = await holdfast(['run', 'scribe'], { tty: true });
    expect(coloured.out).toContain('\u001b[32m');
    const listed = await holdfast(['runs', 'list'], { tty: true, env: { NO_COLOR: '1' } });
    expect(listed.out).toMatch(/^run +agent +status/);
    expect(listed.out).toMatch(/ scribe +succeeded .* \d{4}-\d\d-\d\d [\d:]{8}Z$/m);
    expect(listed.out).not.toContain('\u001b[');
  });

  test('what waits is told with the line that settles it, as the program was called', async () => {
    await holdfast(['publish', join(folder, 'asker.yaml')]);
    const id = await started('asker');
    const asked = { tty: true, env: { NO_COLOR: '1', npm_command: 'exec' } };
    await expect
      .poll(async () => (await holdfast(['attention', '--run', id], asked)).out, { timeout: 10_000 })
      .toMatch(
        new RegExp(
          `^run ${id}  asker .*\n  question \\S+: Your name\\?\n    npx holdfast decide ${id} \\S+ --answer TEXT`,
        ),
      );
    const shown = await holdfast(['runs', 'show', id], asked);
    expect(shown.out).toMatch(/^agent +asker version \d+$/m);
    expect(shown.out).not.toMatch(/^output/m);
  });
});

describe('what goes wrong', () => {
  test.each([
    ['an unknown run', ['runs', 'show', '019a0000-0000-7000-8000-000000000000'], 1, 'run_not_found'],
    ['an id that is none', ['runs', 'show', '123'], 1, 'An id is whole, such as 019a'],
    ['a hint', ['agents', 'show', 'nobody'], 1, 'See holdfast agents list.'],
    ['an unknown command', ['fly'], 2, 'unknown command'],
    ['a missing argument', ['runs', 'show'], 2, 'missing required argument'],
    ['a number that is none', ['runs', 'list', '--limit', 'many'], 2, 'must be a whole number'],
    ['a deletion without --yes', ['runs', 'delete', 'x'], 2, '--yes'],
    ['a file that is missing', ['publish', '/nowhere.yaml'], 1, 'cannot be read'],
  ])('%s', async (_what, args, code, says) => {
    const ran = await holdfast(args);
    expect(ran.code).toBe(code);
    expect(ran.err).toContain(says);
    expect(ran.out).toBe('');
  });

  test('the hint is a command as the program was called', async () => {
    const ran = await holdfast(['agents', 'show', 'nobody'], { env: { npm_command: 'exec' } });
    expect(ran.err).toContain('See npx holdfast agents list.');
  });

  test('nobody answers: exit code 4', async () => {
    const env = { HOLDFAST_URL: `http://127.0.0.1:${await freePort()}` };
    const ran = await holdfast(['runs', 'list'], { env });
    expect(ran.code).toBe(4);
    expect(ran.err).toContain('Start Holdfast');
  });

  test('the doctor finds what is well and what is not', async () => {
    const well = await holdfast(['doctor']);
    expect(well.out).toMatch(/^ok {4}server/m);
    expect(well.out).toMatch(/^ok {4}database/m);
    expect(well.out).toMatch(/^ok {4}key .*admin/m);
    const alone = await holdfast(['doctor'], { env: { OIDC_ISSUER: 'https://issuer.invalid' } });
    expect(alone.code).toBe(1);
    expect(alone.out).toMatch(/^fail {2}issuer .*Is the issuer up, and reached from here by OIDC_ISSUER\?$/m);
    const stranger = await holdfast(['doctor', '--json'], { env: { HOLDFAST_API_KEY: 'hf_nobody' } });
    expect(stranger.code).toBe(1);
    const findings = stranger.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { check: string; level: string });
    expect(findings).toContainEqual(expect.objectContaining({ check: 'key', level: 'fail' }));
  });
});

describe('as a process', () => {
  test('reads a secret from standard input', async () => {
    const ran = await child(['secrets', 'set', 'piped'], 'hush\n');
    expect(ran).toMatchObject({ code: 0, out: 'piped version 1\n' });
  });

  test.each(['bash', 'zsh', 'fish', 'powershell'])('writes a completion script for %s', async (shell) => {
    const ran = await child(['completion', shell], '');
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('holdfast');
  });

  test('completes commands and options', async () => {
    expect((await child(['complete', '--', 'ru'], '')).out).toMatch(/^runs?\b/m);
    expect((await child(['complete', '--', 'runs', 'list', '--st'], '')).out).toContain('--status');
  });
});
