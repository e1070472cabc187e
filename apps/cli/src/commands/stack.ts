import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { paint, printable, showJson } from '../output.ts';
import { backUp } from '../stack/back-up.ts';
import { compose, type Docker, installedDocker } from '../stack/docker.ts';
import { initStack, type StackOptions } from '../stack/init-stack.ts';
import { releaseOf } from '../stack/release.ts';
import { checkedBackup, restore } from '../stack/restore.ts';
import { mustBeWhole } from '../stack/restoring.ts';
import { preparedFolder, stackFolder } from '../stack/stack-folder.ts';
import { stackState } from '../stack/stack-state.ts';
import { upgrade } from '../stack/upgrade.ts';
import { waitUntilWell, whatIsSick } from '../stack/wait-until-well.ts';
import { confirmed } from './arguments.ts';

interface Place {
  readonly folder?: string;
}
interface Patience extends Place {
  readonly timeout: string;
}

const tones = { ok: 'good', waits: 'people', sick: 'bad' } as const;

/** The core stack on this machine, by Docker Compose. */
export function stack(program: Command, { surroundings, output, exit }: Context): void {
  const group = program.command('stack').description('the core stack on this machine, by Docker Compose');
  const place = (command: Command): Command =>
    command.option('--folder <path>', 'with compose.yaml; deploy/compose or this folder when left out');
  const patience = (command: Command): Command =>
    place(command).option(
      '--timeout <seconds>',
      'how long to wait until all is well, once Compose has started everything',
      '300',
    );
  const prepared = ({ folder }: Place): { readonly folder: string; readonly docker: Docker } => {
    const found = preparedFolder(surroundings.cwd, folder, output().program);
    return { folder: found, docker: installedDocker(found, surroundings.env) };
  };
  /** For what would work with the data, or copy it. */
  const whole = (given: Place): ReturnType<typeof prepared> => {
    const found = prepared(given);
    mustBeWhole(found.folder, output().program);
    return found;
  };
  const tell = (line: string): void => output().err(`  ${line}`);

  place(group.command('init'))
    .description('write .env and secrets/ with strong random values; what is there already stays')
    .requiredOption('--url <url>', 'how the world reaches it, such as https://holdfast.example.com')
    .addOption(new Option('--edge <edge>', 'what stands in front').choices(['traefik', 'kong']).default('traefik'))
    .option('--temporal', 'Temporal carries the runs', false)
    .option('--dev', 'sample people with known passwords; for an address of this machine alone', false)
    .action((options: StackOptions & Place) => {
      const folder = stackFolder(surroundings.cwd, options.folder);
      const { made, kept } = initStack(folder, options);
      const show = output();
      if (show.json) return showJson(show, { folder, made, kept });
      show.err(
        `${made.length} files made in ${folder}${kept.length === 0 ? '' : `, ${kept.length} kept as they were`}.`,
      );
      if (options.url.startsWith('https:'))
        show.err('Put certificate and key of the address into secrets/edge-cert and secrets/edge-key (PEM).');
      show.err('Keep a copy of secrets/ elsewhere: backups have none of it.');
      show.err(`Then start: ${show.program} stack up`);
    });

  patience(group.command('up'))
    .description('start everything, and wait until it is well')
    .action(async (options: Patience) => {
      const { docker } = whole(options);
      const { code } = await docker(['compose', 'up', '--detach', '--remove-orphans'], { shown: !output().json });
      // When a part does not become well, what it is says more than what Compose says.
      const states = await waitUntilWell(docker, code === 0 ? milliseconds(options.timeout) : 0, tell);
      output().err(`All ${states.length} parts are well.`);
    });

  place(group.command('down'))
    .description('stop everything and remove the containers; data stays in its volumes')
    .action(async (options: Place) => {
      await compose(prepared(options).docker, ['down', '--remove-orphans'], { shown: true });
    });

  place(group.command('status'))
    .description('how each part is, and which one holds up the others; exits with 1 when one is not well')
    .action(async (options: Place) => {
      const { docker } = prepared(options);
      const states = await stackState(docker);
      const show = output();
      if (show.json) for (const state of states) showJson(show, state);
      else
        for (const { name, state, detail } of states)
          show.out(paint(show, tones[state], printable(`${state.padEnd(5)} ${name.padEnd(20)} ${detail}`)));
      if (states.every(({ state }) => state === 'ok')) return;
      if (!show.json) show.err(await whatIsSick(docker, states));
      exit(exitCodes.failed);
    });

  place(group.command('backup'))
    .description('copy every database, the artifacts and the key of the tenants’ secrets into a new folder')
    .option('--to <path>', 'the new folder; one below backups/ when left out')
    .action(async ({ to, ...options }: Place & { to?: string }) => {
      const { folder, docker } = whole(options);
      const now = new Date();
      const target = to === undefined ? backupFolder(folder, now) : resolve(surroundings.cwd, to);
      const { files } = await backUp(docker, folder, target, now);
      const show = output();
      if (show.json) return showJson(show, { folder: target, files });
      for (const [name, { bytes }] of Object.entries(files)) tell(`${name}  ${bytes} bytes`);
      show.out(target);
      show.err('It holds no file of secrets/. Keep a copy of that elsewhere.');
    });

  patience(group.command('restore'))
    .description('put everything back as a backup has it; what came after it is lost')
    .argument('<backup>', 'its folder')
    .option('--yes', 'really')
    .action(async (backup: string, { yes, ...options }: Patience & { yes?: boolean }) => {
      const { docker, folder } = prepared(options);
      const source = resolve(surroundings.cwd, backup);
      const { made_at: at, image } = await checkedBackup(folder, source);
      confirmed(yes, `This replaces all data of the stack by that of ${at}.`);
      await restore(docker, folder, source, { image }, tell);
      await compose(docker, ['up', '--detach'], { shown: true });
      await waitUntilWell(docker, milliseconds(options.timeout), tell);
      output().err('The database is frozen: no run, schedule or webhook goes on. When you have looked at it:');
      output().err('  docker compose run --rm migrate holdfast thaw');
    });

  patience(group.command('upgrade'))
    .description('go to another release: backup, images, migrations, workers, API, the rest')
    .requiredOption(
      '--image <image>',
      'such as registry.example.com/holdfast:0.2.0, or that with @sha256:…, which pins it',
    )
    .option('--no-backup', 'there is one already')
    .option('--no-pull', 'the image is on this machine already')
    .action(
      async ({ image, backup, pull, ...options }: Patience & { image: string; backup: boolean; pull: boolean }) => {
        const { folder, docker } = whole(options);
        const release = releaseOf(image);
        if (/^[^:]*$|:latest$/.test(release.image.replace(/^.*\//, '')))
          throw new Failure(`--image needs a tag, and not latest, which means another release each day: ${image}`);
        if (!/^(@sha256:[0-9a-f]{64})?$/.test(release.digest))
          throw new Failure(`What stands after the tag in --image must be @sha256: and 64 hex digits: ${image}`);
        if (backup) {
          const now = new Date();
          await backUp(docker, folder, backupFolder(folder, now), now);
          output().err(`Backup: ${backupFolder(folder, now)}`);
        }
        await upgrade(docker, folder, { release, pull, timeoutMs: milliseconds(options.timeout) }, tell);
        output().err(`${image} runs.`);
      },
    );
}

const backupFolder = (folder: string, now: Date): string =>
  join(
    folder,
    'backups',
    now
      .toISOString()
      .replaceAll(':', '-')
      .replace(/\.\d+Z$/, 'Z'),
  );

function milliseconds(seconds: string): number {
  const number = Number(seconds);
  if (!Number.isFinite(number) || number <= 0)
    throw new Failure(`--timeout must be a number of seconds; it is ${seconds}.`, exitCodes.usage);
  return number * 1_000;
}
