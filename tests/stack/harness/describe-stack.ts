import { serversRequired } from '@holdfast/testing/servers';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { installedStack, type Programs } from './programs.ts';
import { type Stack, startStack } from './start-stack.ts';

const hint = 'bash scripts/servers.sh install';
const START_MS = 300_000;
const STOP_MS = 120_000;

type Suite = (stack: () => Stack, chromium: string) => void;

/**
 * A suite on a stack of its own. Where a server is missing, it is skipped and says which; with
 * HOLDFAST_REQUIRE_SERVERS=1 it fails.
 */
export function describeStack(name: string, suite: Suite): void {
  const found = installedStack();
  if ('postgres' in found) describe(name, () => onStack(found, suite));
  else if (serversRequired())
    test(name, () => {
      throw new Error(`not installed: ${found.join(', ')}. Get them: ${hint}`);
    });
  else describe.skip(`${name} (needs ${found.join(', ')}: ${hint})`, () => suite(notStarted, '/nonexistent'));
}

function onStack(programs: Programs, suite: Suite): void {
  let running: Stack | null = null;
  beforeAll(async () => {
    // oxlint-disable-next-line eslint/no-console
    running = await startStack(programs, (line) => console.info(line));
  }, START_MS);
  afterAll(() => running?.stop(), STOP_MS);
  suite(() => running ?? notStarted(), programs.chromium);
}

function notStarted(): never {
  throw new Error('the stack was not started');
}
