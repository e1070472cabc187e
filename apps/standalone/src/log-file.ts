import { createWriteStream } from 'node:fs';

export interface LogFile {
  write(line: string): void;
  close(): Promise<void>;
}

/** JSON lines go to a file, since the terminal tells the story; what is a warning or worse is also said there. */
export function openLogFile(path: string, warn: (text: string) => void): LogFile {
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  file.on('error', (error) => warn(`the log file ${path} cannot be written: ${error.message}`));
  return {
    write(line) {
      file.write(line);
      if (/^\{"level":"(warn|error|fatal)"/.test(line)) warn(shortened(line));
    },
    close: () => new Promise((resolve) => file.end(() => resolve())),
  };
}

function shortened(line: string): string {
  const { level, msg, err } = JSON.parse(line) as { level: string; msg?: string; err?: { message?: string } };
  return `${level}: ${[msg, err?.message].filter((text) => text !== undefined).join(': ')}`;
}
