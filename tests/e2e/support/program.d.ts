import { type ChildProcess } from 'node:child_process';
export interface Program {
    readonly child: ChildProcess;
    /** What it has written so far, both streams. */
    readonly output: () => string;
    readonly errors: () => string;
    /** Resolves when the text was written; rejects when the program ends without it. */
    saw(text: string | RegExp, withinMs?: number): Promise<void>;
    /** The exit code, or the signal that ended it. */
    readonly ended: Promise<number | NodeJS.Signals | null>;
}
/** One of our programs from its sources, with nothing of our own environment but PATH and HOME. */
export declare function start(main: string, args: readonly string[], environment: Readonly<Record<string, string>>): Program;
