import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeTemporal, freePort, installedProgram } from '@holdfast/testing/servers';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../deploy/temporal/namespace.sh', import.meta.url));

describeTemporal('the job that makes the namespace', (server) => {
  const job = async (settings: Record<string, string> = {}): Promise<string> => {
    const PATH = `${dirname(installedProgram('temporal') ?? '')}:${process.env['PATH']}`;
    const env = { PATH, TEMPORAL_ADDRESS: server().address, TEMPORAL_WAIT_SECONDS: '30', ...settings };
    return (await run('sh', [script], { env })).stdout.trim();
  };
  const kept = async (): Promise<string> => {
    const described = await server().cli('operator', 'namespace', 'describe', '-n', 'holdfast', '--output', 'json');
    const { config } = JSON.parse(described) as { config: { workflowExecutionRetentionTtl: string } };
    return config.workflowExecutionRetentionTtl;
  };

  test('makes it once, and sets how long it keeps what has ended', async () => {
    expect(await job()).toBe('Namespace holdfast was made; it keeps what has ended for 168h.');
    expect(await kept()).toBe('604800s');
    expect(await job()).toBe('Namespace holdfast is there, and keeps what has ended for 168h.');
    expect(await job({ TEMPORAL_RETENTION: '2d' })).toBe('Namespace holdfast keeps what has ended for 2d from now on.');
    expect(await kept()).toBe('172800s');
    expect(await job({ TEMPORAL_RETENTION: '48h' })).toBe(
      'Namespace holdfast is there, and keeps what has ended for 48h.',
    );
  });

  test('says what it cannot do', async () => {
    await expect(job({ TEMPORAL_RETENTION: 'a week' })).rejects.toThrow('TEMPORAL_RETENTION must be hours or days');
    const nobody = { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}`, TEMPORAL_WAIT_SECONDS: '0' };
    await expect(job(nobody)).rejects.toThrow('does not answer');
  });
});
