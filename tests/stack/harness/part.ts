/** Those of the stack, in the order in which they are started. */
export const partNames = [
  'database',
  'pooler',
  'cache',
  'store',
  'engine',
  'issuer',
  'api',
  'worker',
  'second worker',
  'edge',
] as const;
export type PartName = (typeof partNames)[number];

/** One process of the stack. */
export interface Part {
  /** What runs there. */
  readonly program: string;
  readonly address: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After `kill`: in its old place, with what it kept on disk. Resolves when it is ready. */
  start(): Promise<void>;
  stop(): Promise<unknown>;
  /** Of our own programs: whether it has not ended by itself. */
  readonly isUp?: () => boolean;
  /** Of our own programs: what it has written. */
  readonly output?: () => string;
}
