import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toolHash } from './tool-hash.ts';

const tool = {
  name: 'read',
  description: 'Reads “a” file.',
  input_schema: { type: 'object', properties: { path: { type: 'string' }, limit: { maximum: 1e21 } } },
};

describe('toolHash', () => {
  it('is the SHA-256 of the canonical JSON', () => {
    const canonical =
      '{"description":"Reads “a” file.","input_schema":{"properties":{"limit":{"maximum":1e+21},' +
      '"path":{"type":"string"}},"type":"object"},"name":"read"}';
    expect(toolHash(tool)).toBe(createHash('sha256').update(canonical, 'utf8').digest('hex'));
  });

  it('does not depend on the order of keys, or on anything else the server lists', () => {
    const { name, description, input_schema } = tool;
    const reordered = {
      annotations: { title: 'Read' },
      input_schema: { ...input_schema, type: 'object' },
      description,
      name,
    };
    expect(toolHash(reordered)).toBe(toolHash(tool));
  });

  it.each([
    ['name', { ...tool, name: 'read2' }],
    ['description', { ...tool, description: 'Reads a file' }],
    ['schema', { ...tool, input_schema: { ...tool.input_schema, required: ['path'] } }],
  ])('changes with the %s', (_, changed) => {
    expect(toolHash(changed)).not.toBe(toolHash(tool));
  });

  it('refuses half an emoji', () => {
    expect(() => toolHash({ ...tool, description: '\ud83d' })).toThrow(/surrogate/);
  });
});
