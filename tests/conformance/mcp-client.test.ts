import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const packageFile = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json');
const tool = join(dirname(packageFile), 'dist', 'index.js');

/** Scenarios of the suite `core` that our client is not made for. */
const expectedFailures: Readonly<Record<string, string>> = {
  'elicitation-sep1034-client-defaults':
    'a server cannot ask a person through us: the capability is not announced, and no stream for its requests is open',
  'auth/': 'no OAuth flow: a tool server is registered with its headers, which name secrets',
};

/** Each scenario's passed and failed checks. */
async function runSuite(suite: string): Promise<Map<string, { passed: number; failed: number }>> {
  const command = `${process.execPath} --conditions=holdfast-source --import tsx ${here('./mcp-client.ts')}`;
  const args = ['client', '--suite', suite, '--command', command, '--timeout', '120000'];
  const child = spawn(process.execPath, ['--import', here('./node-20.mjs'), tool, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  await new Promise((resolve) => child.once('close', resolve));
  const summary = said.split('=== SUITE SUMMARY ===')[1] ?? '';
  const results = new Map(
    [...summary.matchAll(/^[✓✗] (\S+): (\d+) passed, (\d+) failed/gmu)].map(([, name = '', passed, failed]) => [
      name,
      { passed: Number(passed), failed: Number(failed) },
    ]),
  );
  if (results.size === 0) throw new Error(`the conformance tool gave no summary: ${said.slice(-2_000)}`);
  return results;
}

it('passes the core suite of MCP conformance 0.1.16, but for what is not supported', async () => {
  const results = await runSuite('core');
  expect(results.size).toBe(18);
  const failures = [...results].filter(([, { failed }]) => failed > 0).map(([name]) => name);
  const isExpected = (name: string): boolean => Object.keys(expectedFailures).some((each) => name.startsWith(each));
  expect(failures.filter((name) => !isExpected(name))).toEqual([]);
  // Whoever makes one of them work takes it off the list.
  expect([...results.keys()].filter((name) => isExpected(name) && !failures.includes(name))).toEqual([]);
  expect(failures).toHaveLength(15);
  expect(results.get('initialize')).toEqual({ passed: 1, failed: 0 });
  expect(results.get('tools_call')).toEqual({ passed: 1, failed: 0 });
  // Three checks; on a busy machine one of them is a warning about the time between a break and its resumption.
  expect(results.get('sse-retry')?.passed).toBeGreaterThanOrEqual(2);
}, 300_000);
