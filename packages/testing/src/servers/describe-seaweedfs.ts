import { afterAll, beforeAll } from 'vitest';
import { describeProgram } from './describe-program.ts';
import { type SeaweedFsServer, startSeaweedFs } from './seaweedfs.ts';

/** A suite on an S3 server of its own. Without one installed it is skipped, or fails, as `describeProgram` says. */
export function describeSeaweedFs(name: string, suite: (server: () => SeaweedFsServer) => void): void {
  describeProgram('seaweedfs', name, (bin) => {
    let server: SeaweedFsServer | null = null;
    beforeAll(async () => {
      server = await startSeaweedFs(bin);
    });
    afterAll(() => server?.stop());
    suite(() => {
      if (server === null) throw new Error('SeaweedFS was not started');
      return server;
    });
  });
}
