import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { envKeyNames } from '../env/env.ts';
import { errorCodes } from '../error/error-codes.ts';
import { eventData } from '../event/event-data.ts';
import { eventTypes } from '../event/event.ts';
import { references } from './references.ts';
import { descriptionOf } from './type-name.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

describe('the generated references', () => {
  it.each(Object.entries(references()))('%s is up to date (else: npm run generate)', (path, text) => {
    expect(readFileSync(join(root, path), 'utf8')).toBe(text);
  });

  it('tell of every key, event and code', () => {
    const { '.env.example': example = '', 'docs/reference/environment.md': environment = '' } = references();
    const { 'docs/reference/events.md': events = '', 'docs/reference/errors.md': errors = '' } = references();
    for (const key of envKeyNames) {
      expect(environment).toContain(`\`${key}\``);
      expect(example).toMatch(new RegExp(`^#${key}=`, 'm'));
    }
    for (const type of eventTypes) expect(events).toContain(`## ${type}\n`);
    for (const code of Object.keys(errorCodes)) expect(errors).toContain(`### ${code}\n`);
  });

  it('find a line on every event', () => {
    expect(eventTypes.filter((type) => !descriptionOf(eventData[type]).endsWith('.'))).toEqual([]);
  });
});
