import { describe, expect, test } from 'vitest';
import { diffLines, environmentDiff } from '../harness/environment-diff.ts';
import type { Environments } from '../harness/environments.ts';
import type { Stack } from '../harness/start-stack.ts';

/** What an operator sees, who stands behind the edge. */
export function operatorSuite(stack: () => Stack): void {
  describe('behind the edge', () => {
    test.each([
      ['an API', ['server', 'database', 'redis', 'bucket', 'issuer'], ({ api }: Environments) => api],
      ['a worker', ['server', 'database', 'redis', 'bucket', 'temporal'], ({ workers }: Environments) => workers[0]],
    ] as const)(
      '`holdfast doctor` in the environment of %s finds nothing wrong',
      async (_who, parts, environmentOf) => {
        const { cli, environments, inside, key } = stack();
        const said = await cli(['doctor'], {
          ...environmentOf(environments),
          HOLDFAST_URL: inside,
          HOLDFAST_API_KEY: key,
        });
        expect([said.code, said.out]).toEqual([0, expect.not.stringMatching(/^fail/m)]);
        // Each part is among what was looked at.
        for (const part of parts) expect(said.out).toMatch(new RegExp(`^ok +${part} `, 'm'));
      },
    );

    test('API and workers differ from `npm start` by their environment alone', () => {
      const { environments } = stack();
      const [first, second] = environments.workers;
      const lines = diffLines(environmentDiff(environments));
      // oxlint-disable-next-line eslint/no-console
      console.info(['npm start, and the stack:', ...lines.map((line) => `  ${line}`)].join('\n'));
      expect(lines.length).toBeGreaterThan(0);
      expect({ ...first, METRICS_PORT: second['METRICS_PORT'] }).toEqual(second);
    });
  });
}
