import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@holdfast/testing/servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Program, start } from './support/program.ts';
import { ranCli } from './support/run-cli.ts';

const program = 'tests/sdk/guide/billing.ts';

let folder: string;
let standalone: Program;
let billing: Program;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-own-tools-'));
  port = await freePort();
  standalone = start('apps/standalone/src/main.ts', [folder], {
    DATA_DIR: join(folder, 'data'),
    PORT: '0',
    OUTBOUND_ALLOW: `127.0.0.1:${port}`,
  });
  billing = start(program, [], { PORT: String(port) });
  await billing.saw('tools at');
  await standalone.saw('keeps serving', 110_000);
});
afterAll(async () => {
  for (const { child, ended } of [standalone, billing]) {
    child.kill('SIGTERM');
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

async function holdfast(args: readonly string[], secret?: string): Promise<{ code: number; text: string }> {
  const typing = secret === undefined ? {} : { secret };
  const { code, out, err } = await ranCli(args, { env: { DATA_DIR: join(folder, 'data') }, folder, ...typing });
  return { code, text: out + err };
}

test('the guide shows the program that is tried here', () => {
  const guide = readFileSync(new URL('../../docs/guides/tools-in-typescript.md', import.meta.url), 'utf8');
  expect(guide).toContain(readFileSync(new URL('../sdk/guide/billing.ts', import.meta.url), 'utf8'));
});

test('a tool of one’s own is registered, seen, called by a run, and removed', async () => {
  const set = ['tools', 'set', 'billing', '--url', `http://127.0.0.1:${port}/mcp`];
  expect(await holdfast(set)).toMatchObject({
    code: 1,
    text: expect.stringMatching(/it answered 401 \(is the header Authorization missing, or wrong\?\).*--offline/),
  });
  await holdfast(['secrets', 'set', 'billing-token'], 'Bearer change-me');
  const registered = await holdfast([...set, '--header', 'Authorization=secret://billing-token']);
  expect(registered).toEqual({ code: 0, text: 'billing (mcp)\n' });
  expect((await holdfast(['tools', 'list'])).text).toContain(`billing\tmcp\thttp://127.0.0.1:${port}/mcp`);
  expect((await holdfast(['tools', 'show', 'billing'])).text).toContain('create_invoice\tCreates an invoice');
  expect((await holdfast(['doctor'])).text).toMatch(/^ok {4}tools billing/m);

  const biller = {
    name: 'biller',
    model: { name: 'rehearsal' },
    tools: [{ mcp: 'billing', effect: 'idempotent' }],
    rehearsal: [
      { calls: [{ tool: 'create_invoice', args: { customer: 'Ada', amount: 12 } }] },
      { say: 'made {{last}}' },
    ],
  };
  writeFileSync(join(folder, 'biller.json'), JSON.stringify(biller));
  expect((await holdfast(['publish', join(folder, 'biller.json')])).code).toBe(0);
  const ran = await holdfast(['run', 'biller']);
  expect(ran.text).toContain('made {"number":1,"amount":12}');
  expect(ran.code).toBe(0);

  const changed = { ...biller, description: 'Makes invoices.', limits: { steps: 0, tokens: 0 } };
  writeFileSync(join(folder, 'biller.json'), JSON.stringify(changed));
  const misfit = await holdfast(['publish', join(folder, 'biller.json')]);
  expect(misfit.code).toBe(1);
  expect(misfit.text).toMatch(
    /^holdfast: The agent does not fit its schema\. \(validation_failed\)\n  \/limits\/steps: .*\n  \/limits\/tokens: .*\n$/,
  );

  writeFileSync(join(folder, 'biller.json'), JSON.stringify({ ...changed, limits: {} }));
  billing.child.kill('SIGTERM');
  await billing.ended;
  expect((await holdfast(['publish', join(folder, 'biller.json')])).text).toContain('tool_server_unavailable');
  expect(await holdfast(['publish', join(folder, 'biller.json'), '--offline'])).toEqual({
    code: 0,
    text: 'biller version 2, 1 tool\n',
  });
  expect(await holdfast(['tools', 'delete', 'billing', '--yes'])).toMatchObject({ code: 0 });
});
