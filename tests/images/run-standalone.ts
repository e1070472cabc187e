import { docker, healthy, logs, runOnce, stop, until } from './docker.ts';

/** As small as its rights can be: nothing of the root can be written, and no capability is left. */
export const confined = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];

/**
 * The first run to its end, the health check, what the command line says, a stop, and the same data again. Answers what was
 * seen. @throws when anything is otherwise.
 */
export async function runStandalone(image: string): Promise<string> {
  const other = await runOnce(image, 'nonsense');
  if (other.code !== 2 || !other.text.includes('nonsense'))
    throw new Error(`an unknown word is not refused: ${other.code} ${other.text}`);

  const volume = await docker('volume', 'create');
  const start = (): Promise<string> =>
    docker('run', '--detach', ...confined, '--volume', `${volume}:/var/lib/holdfast`, image);
  let container = await start();
  try {
    await until(container, 'done with its first run', 300, async () =>
      (await logs(container)).includes('keeps serving'),
    );
    const told = /The run succeeded in [\d.]+ s, [\d.]+ s after the start/.exec(await logs(container))?.[0];
    if (told === undefined) throw new Error(`the first run did not succeed:\n${await logs(container)}`);
    await healthy(container);
    const user = await docker('exec', container, 'id', '-u');
    if (user === '0') throw new Error('it runs as root');
    const before = await docker('exec', container, 'holdfast', 'runs', 'list');
    const changed = await docker('diff', container);
    if (changed !== '') throw new Error(`it wrote outside of its volume: ${changed}`);
    const { code, seconds } = await stop(container, 30);
    if (code !== 0) throw new Error(`stopped, it exits with ${code}`);

    await docker('rm', container);
    container = await start();
    await healthy(container);
    const after = await docker('exec', container, 'holdfast', 'runs', 'list');
    if (before === '' || after !== before) throw new Error(`its runs are not there any more: ${before} / ${after}`);
    return `user ${user}, read-only. ${told}. SIGTERM: ended in ${seconds.toFixed(1)} s; with the same volume its runs are there`;
  } finally {
    await docker('rm', '--force', container);
    await docker('volume', 'rm', volume);
  }
}
