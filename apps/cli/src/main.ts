#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { EnvInvalid, type Environment, withSecretFiles } from '@holdfast/contracts';
import { runCli } from './cli.ts';
import { exitCodes } from './failure.ts';
import { readSecret } from './secret-input.ts';

// A reader such as `head` may close the pipe: that is no error.
process.stdout.on('error', () => process.exit(0));

process.exitCode = await runCli(
  process.argv.slice(2),
  { env: environment(), cwd: process.cwd(), home: homedir() },
  {
    tty: process.stdout.isTTY === true,
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    bytes: (bytes) => process.stdout.write(bytes),
    secret: (question) => readSecret(process.stdin, question),
  },
);

function environment(): Environment {
  try {
    return withSecretFiles(process.env, (path) => readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof EnvInvalid)) throw error;
    for (const problem of error.problems) process.stderr.write(`holdfast: ${problem}\n`);
    process.exit(exitCodes.failed);
  }
}
