import type { ServerLog } from './server-log.ts';
import { StdioTransport } from './stdio-transport.ts';
import { ToolSession } from './tool-session.ts';
import type { ToolServerCommand } from './tool-servers-file.ts';

export interface StdioConnectionOptions {
  readonly command: ToolServerCommand;
  /** HOME, PATH, SHELL and TERM of this process, as far as they are set. */
  readonly environment: Readonly<Record<string, string>>;
  readonly log: ServerLog;
  /** ms */
  readonly startTimeoutMs: number;
}

/** The one connection to a tool server, shared by all calls: started at first use, and anew after the server died. */
export class StdioConnection {
  readonly #options: StdioConnectionOptions;
  #session: Promise<ToolSession> | null = null;
  #transport: StdioTransport | null = null;
  #closed = false;

  constructor(options: StdioConnectionOptions) {
    this.#options = options;
  }

  /** Rejects when the server cannot be started; the next call tries again. */
  session(): Promise<ToolSession> {
    if (this.#closed) return Promise.reject(new Error('the connection is closed'));
    this.#session ??= this.#start();
    return this.#session;
  }

  /** Ends the server and all it started. Calls under way end as `no-answer`. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#transport?.close();
  }

  /** For the last moment of the process, when nothing can be waited for. */
  kill(): void {
    this.#transport?.kill('SIGKILL');
  }

  #start(): Promise<ToolSession> {
    const { command, environment, log, startTimeoutMs } = this.#options;
    const transport = new StdioTransport(command, environment, log);
    const forget = (): void => {
      if (this.#transport !== transport) return;
      this.#transport = null;
      this.#session = null;
    };
    transport.onclose = forget;
    this.#transport = transport;
    const session = ToolSession.start(transport, { startTimeoutMs, log });
    session.catch(forget);
    return session;
  }
}
