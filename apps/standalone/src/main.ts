import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { attentionPage, parseEnv, runPage, withSecretFiles } from '@holdfast/contracts';
import { startupFailure } from '@holdfast/core';
import { firstRun } from './first-run.ts';
import { folderOf } from './file-server.ts';
import { localClient } from './local-client.ts';
import { publishSamples } from './samples.ts';
import { paint, type Stage } from './story.ts';
import { tellNext, tellWaiting } from './what-next.ts';
import { wireStandalone } from './wiring.ts';

const stage: Stage = {
  colour: process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '',
  line: (text) => console.log(text),
};
const warn = (text: string): void => console.error(`holdfast: ${text}`);

let stopping = false;
try {
  const began = performance.now();
  const { values, positionals } = parseArgs({ options: { demo: { type: 'boolean' } }, allowPositionals: true });
  const [given = null] = positionals;
  const folder = folderOf(given);
  const config = parseEnv(withSecretFiles(process.env, (path) => readFileSync(path, 'utf8')));
  stage.line(paint(stage, 'bold', `Holdfast starts; its data is in ${config.dataDir}`));
  const standalone = await wireStandalone(config, folder, warn);
  const { api, demo, url } = standalone;

  const stop = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    stage.line('\nHoldfast stops: calls under way may end, then everything is let go. Once more to stop at once.');
    standalone.close().then(
      () => process.exit(0),
      (error: unknown) => {
        warn(`the stop failed: ${error instanceof Error ? error.message : String(error)}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);

  const ask = localClient(api.app, demo.key);
  const before = await ask(runPage, 'GET', '/v1/runs?limit=1');
  const samples = await publishSamples(ask);
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  stage.line(
    `  ${url}  ·  ${standalone.database}  ·  tenant demo  ·  agents: ${samples.join(', ')}  ·  ready in ${seconds} s`,
  );
  stage.line(paint(stage, 'quiet', `  log: ${standalone.logFile}`));
  stage.line(paint(stage, 'quiet', `  ${standalone.loginLine}`));

  if (before.items.length === 0 || given !== null || values.demo === true) {
    const ended = await firstRun(ask, api.ports.streams, demo.tenant, folder, stage);
    if (!stopping) tellNext(stage, standalone, config.dataDir, folder, ended, performance.now() - began);
  } else {
    const waiting = await ask(attentionPage, 'GET', '/v1/attention');
    tellWaiting(stage, waiting.items);
  }
} catch (error) {
  // While everything is let go, what was under way fails; the stop ends the process.
  if (!stopping) {
    console.error(startupFailure(error) ?? error);
    process.exit(1);
  }
}
