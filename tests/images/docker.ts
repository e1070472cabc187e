import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Answer {
  readonly code: number;
  /** Both streams. */
  readonly text: string;
}

/** Runs `docker`. @throws with what it wrote, when it exits with another code than 0. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', [...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** Runs `docker run --rm` to its end. */
export async function runOnce(...args: readonly string[]): Promise<Answer> {
  const child = spawn('docker', ['run', '--rm', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (part: string) => (text += part));
  }
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (given) => resolve(given ?? -1));
  });
  return { code, text };
}

/** What the container has written so far. */
export async function logs(container: string): Promise<string> {
  const { stdout, stderr } = await run('docker', ['logs', container], { maxBuffer: 64 * 1024 * 1024 });
  return stdout + stderr;
}

/** Asks again until the condition holds. @throws with the container's log when it ends or `seconds` have passed. */
export async function until(
  container: string,
  what: string,
  seconds: number,
  holds: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  while (!(await holds())) {
    const running = (await docker('inspect', '--format', '{{.State.Running}}', container)) === 'true';
    if (!running || Date.now() > deadline)
      throw new Error(
        `${container}: not ${what} ${running ? `within ${seconds} s` : 'when it ended'}:\n${await logs(container)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export function healthy(container: string): Promise<void> {
  return until(
    container,
    'healthy',
    300,
    async () => (await docker('inspect', '--format', '{{.State.Health.Status}}', container)) === 'healthy',
  );
}

/** Stops it as Docker does, by SIGTERM. Answers its exit code (137 = it had to be killed) and how long it took. */
export async function stop(container: string, graceSeconds: number): Promise<{ code: number; seconds: number }> {
  const began = performance.now();
  await docker('stop', '--time', String(graceSeconds), container);
  const seconds = (performance.now() - began) / 1_000;
  return { code: Number(await docker('inspect', '--format', '{{.State.ExitCode}}', container)), seconds };
}
