import { afterAll, beforeAll } from 'vitest';
import { describeProgram } from './describe-program.ts';
import { startTemporal, type TemporalServer } from './temporal.ts';

/** A suite on a Temporal server of its own. Without one installed it is skipped, or fails, as `describeProgram` says. */
export function describeTemporal(name: string, suite: (server: () => TemporalServer) => void): void {
  describeProgram('temporal', name, (bin) => {
    let server: TemporalServer | null = null;
    beforeAll(async () => {
      server = await startTemporal(bin);
    });
    afterAll(() => server?.stop());
    suite(() => {
      if (server === null) throw new Error('Temporal was not started');
      return server;
    });
  });
}
