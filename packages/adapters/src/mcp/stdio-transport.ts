import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { type JSONRPCMessage, JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js';
import { LineReader } from './line-reader.ts';
import type { ServerLog } from './server-log.ts';
import type { ToolServerCommand } from './tool-servers-file.ts';

const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
const MAX_STDERR_CHARACTERS = 4_000;
/** How long the server may take to end by itself, and then after SIGTERM. */
const END_GRACE_MS = 1_000;
const TERM_GRACE_MS = 2_000;
/** How long a dead server's last output is waited for; a process that left the group may hold the pipes for ever. */
const DRAIN_MS = 1_000;

/** The code under which a reply that cannot be read is handed to the SDK: the one it uses for a lost connection. */
const CONNECTION_CLOSED = -32_000;

/** The server was gone before a byte of the message left. */
export class ServerGone extends Error {
  override readonly name = 'ServerGone';
}

/**
 * A tool server as a child process: JSON lines over its stdin and stdout.
 * Unlike the SDK's own transport it starts the server in a process group of its own, so that what the server started
 * ends with it, and reports a reply that cannot be read at once instead of leaving its call to time out.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  readonly #command: ToolServerCommand;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #log: ServerLog;
  #child: ChildProcessWithoutNullStreams | null = null;
  #gone = true;
  #closing: Promise<void> | null = null;
  readonly #ended: Promise<void>;
  #setEnded: () => void = () => {};

  /** @param environment HOME, PATH, SHELL and TERM of this process */
  constructor(command: ToolServerCommand, environment: Readonly<Record<string, string>>, log: ServerLog) {
    this.#command = command;
    this.#environment = environment;
    this.#log = log;
    this.#ended = new Promise((resolve) => {
      this.#setEnded = resolve;
    });
  }

  /** Rejects when the program cannot be started. */
  async start(): Promise<void> {
    const { command, args, env, cwd } = this.#command;
    const child = spawn(command, args, {
      cwd: cwd ?? undefined,
      env: { ...this.#environment, ...env },
      stdio: 'pipe',
      detached: true,
    });
    this.#child = child;
    const started = new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.once('spawn', () => {
      this.#gone = false;
    });
    child.on('error', (error) => this.onerror?.(error));
    // A process the server started may hold the pipes open: it ends with the server.
    child.once('exit', () => {
      this.#gone = true;
      this.kill('SIGKILL');
      const drain = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, DRAIN_MS);
      child.once('close', () => clearTimeout(drain));
    });
    // After `exit`, when the last bytes have been read: an answer written just before the end still counts.
    child.once('close', (code, signal) => {
      this.#gone = true;
      this.#log.info({ code, signal }, 'tool server ended');
      this.#setEnded();
      this.onclose?.();
    });
    child.stdin.on('error', (error) => this.onerror?.(error));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#log.info({ stderr: text.trimEnd().slice(0, MAX_STDERR_CHARACTERS) }, 'tool server wrote');
    });
    const reader = new LineReader(MAX_MESSAGE_BYTES);
    child.stdout.on('data', (chunk: Buffer) => {
      try {
        for (const line of reader.push(chunk)) this.#receive(line);
      } catch (error) {
        this.onerror?.(error instanceof Error ? error : new Error(String(error)));
        void this.close();
      }
    });
    // Without its voice the server is of no use.
    child.stdout.on('end', () => void this.close());
    await started;
  }

  /** Resolves when the bytes have left. Throws `ServerGone` when not one of them can. */
  async send(message: JSONRPCMessage): Promise<void> {
    const child = this.#child;
    if (child === null || this.#gone || !child.stdin.writable) throw new ServerGone('the tool server is gone');
    await new Promise<void>((resolve, reject) => {
      child.stdin.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Asks the server to end by closing its stdin, then kills its group. Resolves when it is gone. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Signals the whole group; at once and without waiting. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody is left in the group.
    }
  }

  async #close(): Promise<void> {
    const child = this.#child;
    this.#gone = true;
    if (child === null || child.pid === undefined) return;
    child.stdin.end();
    if (await this.#endsWithin(END_GRACE_MS)) return;
    this.kill('SIGTERM');
    if (await this.#endsWithin(TERM_GRACE_MS)) return;
    this.kill('SIGKILL');
    await this.#ended;
  }

  async #endsWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, ms, false);
    });
    const ended = await Promise.race([this.#ended.then(() => true), late]);
    clearTimeout(timer);
    return ended;
  }

  #receive(line: string): void {
    if (line.trim() === '') return;
    let raw: unknown;
    try {
      raw = JSON.parse(line);
    } catch {
      // Servers that print to stdout by mistake are common; it is no answer to anything.
      this.#log.warn({ stdout: line.slice(0, MAX_STDERR_CHARACTERS) }, 'tool server wrote a line that is not JSON');
      return;
    }
    const message = JSONRPCMessageSchema.safeParse(raw);
    if (message.success) {
      this.onmessage?.(message.data);
      return;
    }
    this.#log.warn({ stdout: line.slice(0, MAX_STDERR_CHARACTERS) }, 'tool server wrote a message that cannot be read');
    const id = idOf(raw);
    if (id === null) return;
    this.onmessage?.({ jsonrpc: '2.0', id, error: { code: CONNECTION_CLOSED, message: 'the reply cannot be read' } });
  }
}

/** The call that a misshapen message answers; null when it is a request or bears no usable id. */
function idOf(raw: unknown): number | null {
  if (typeof raw !== 'object' || raw === null || !('id' in raw) || 'method' in raw) return null;
  return typeof raw.id === 'number' ? raw.id : null;
}
