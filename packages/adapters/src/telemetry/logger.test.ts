import { Redaction } from '@holdfast/core';
import { describe, expect, it } from 'vitest';
import { createLogger, type LogLevel, runLogger } from './logger.ts';

function open(level: LogLevel = 'info') {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ level, name: 'api' }, { write: (line) => void lines.push(JSON.parse(line)) });
  return { logger, lines };
}

describe('the logger', () => {
  it('writes one JSON line with level, time and name; children add the run', () => {
    const { logger, lines } = open();
    runLogger(logger, 'r1').warn({ attempt: 2 }, 'again');
    expect(lines).toEqual([
      { level: 'warn', time: expect.any(String), name: 'api', run_id: 'r1', attempt: 2, msg: 'again' },
    ]);
    expect(new Date(String(lines[0]?.['time'])).toISOString()).toBe(lines[0]?.['time']);
  });

  it('keeps silent below its level', () => {
    const { logger, lines } = open('warn');
    logger.info('x');
    logger.warn('y');
    expect(lines.map(({ msg }) => msg)).toEqual(['y']);
  });

  it.each([
    ['the top', (headers: object) => headers],
    ['headers', (headers: object) => ({ headers })],
    ['a request', (headers: object) => ({ req: { headers } })],
    ['an error of a client', (headers: object) => ({ error: { config: { headers } } })],
  ])('replaces credentials in %s', (_, place) => {
    const { logger, lines } = open();
    const secrets = {
      authorization: 'Bearer hf_1',
      Authorization: 'hf_2',
      cookie: 's=hf_3',
      'set-cookie': ['s=hf_4'],
      'x-api-key': 'hf_5',
      accept: 'text/html',
    };
    logger.info(place(secrets), 'x');
    logger.child(place(secrets)).info('y');
    for (const line of lines) {
      expect(JSON.stringify(line)).not.toContain('hf_');
      expect(JSON.stringify(line)).toContain('text/html');
    }
    expect(lines).toHaveLength(2);
  });

  it('takes values of secrets out of lines, errors and children', () => {
    const redaction = new Redaction();
    redaction.add('t', 'token', 'correct-horse "battery"');
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', name: 'api', redaction }, { write: (line) => void lines.push(line) });
    logger.info({ url: 'https://x.test/?q=correct-horse%20%22battery%22' }, 'asked correct-horse "battery"');
    logger.child({ about: 'correct-horse "battery"' }).error({ err: new Error('no correct-horse "battery"') }, 'x');
    logger.info('nothing');
    expect(lines.join('')).not.toContain('battery');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { url: 'https://x.test/?q=[secret:token]', msg: 'asked [secret:token]' },
      { about: '[secret:token]', err: { message: 'no [secret:token]' } },
      { msg: 'nothing' },
    ]);
    expect(lines.every((line) => line.endsWith('}\n'))).toBe(true);
  });

  it('tells of an error with its stack', () => {
    const { logger, lines } = open();
    logger.error({ err: new TypeError('no such thing') }, 'failed');
    expect(lines[0]?.['err']).toMatchObject({ type: 'TypeError', message: 'no such thing', stack: expect.any(String) });
  });
});
