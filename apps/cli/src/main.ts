#!/usr/bin/env node
import { homedir } from 'node:os';
import { runCli } from './cli.ts';
import { readSecret } from './secret-input.ts';

// A reader such as `head` may close the pipe: that is no error.
process.stdout.on('error', () => process.exit(0));

process.exitCode = await runCli(
  process.argv.slice(2),
  { env: process.env, cwd: process.cwd(), home: homedir() },
  {
    tty: process.stdout.isTTY === true,
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    bytes: (bytes) => process.stdout.write(bytes),
    secret: (question) => readSecret(process.stdin, question),
  },
);
