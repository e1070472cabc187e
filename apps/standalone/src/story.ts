import { eventLine, type Tone, type WireEvent, wireEvent } from '@holdfast/contracts';
import type { Listener } from '@holdfast/core';

/** Where the story is told: a terminal, coloured, or a file, plain. */
export interface Stage {
  readonly colour: boolean;
  line(text: string): void;
}

const colours: Readonly<Record<Tone | 'bold', string>> = {
  quiet: '\u001b[2m',
  model: '\u001b[36m',
  tool: '\u001b[33m',
  people: '\u001b[35m',
  good: '\u001b[32m',
  bad: '\u001b[31m',
  bold: '\u001b[1m',
};

export const paint = ({ colour }: Stage, tone: Tone | 'bold', text: string): string =>
  colour ? `${colours[tone]}${text}\u001b[0m` : text;

export function tellEvent(stage: Stage, event: WireEvent, since: number): void {
  const { tone, text } = eventLine(event);
  const seconds = Math.max(0, (Date.parse(event.at) - since) / 1_000).toFixed(2);
  stage.line(
    paint(stage, tone, `${seconds.padStart(7)}s ${String(event.seq).padStart(3)}  ${event.type.padEnd(17)} ${text}`),
  );
}

const decoder = new TextDecoder();

/** Hears a run's events inside this process, as a client would over HTTP. `done` gets why it ended. */
export function hearing(told: (event: WireEvent) => void, done: (reason: string) => void): Listener {
  return {
    send: ({ bytes }) => told(wireEvent.parse(JSON.parse(decoder.decode(bytes).match(/^data: (.*)$/m)?.[1] ?? 'null'))),
    pending: () => 0,
    drained: () => Promise.resolve(),
    end: done,
  };
}
