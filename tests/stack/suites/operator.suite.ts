import { describe, expect, test } from 'vitest';
import { diffLines, environmentDiff } from '../harness/environment-diff.ts';
import type { Stack } from '../harness/start-stack.ts';

/** What an operator sees, who stands behind the edge. */
export function operatorSuite(stack: () => Stack): void {
  describe('behind the edge', () => {
    test('`holdfast doctor` finds nothing wrong', async () => {
      const { cli, environments, inside, key } = stack();
      const { OIDC_ISSUER, OIDC_INTERNAL_URL } = environments.api;
      const issuer = { OIDC_ISSUER: OIDC_ISSUER ?? '', OIDC_INTERNAL_URL: OIDC_INTERNAL_URL ?? '' };
      const said = await cli(['doctor'], {
        ...environments.cli,
        ...issuer,
        HOLDFAST_URL: inside,
        HOLDFAST_API_KEY: key,
      });
      expect([said.code, said.out]).toEqual([0, expect.not.stringMatching(/^fail/m)]);
      // Each part is among what was looked at.
      for (const part of ['server', 'database', 'redis', 'bucket', 'temporal', 'issuer'])
        expect(said.out).toMatch(new RegExp(`^ok +.*${part}`, 'm'));
    });

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
