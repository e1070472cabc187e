import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseToolServers, readToolServersFile, ToolServersFileInvalid } from './tool-servers-file.ts';

const parse = (value: unknown) => parseToolServers(JSON.stringify(value), '/etc/holdfast/tools.json');

describe('the tool servers file', () => {
  it('gives each server its command; a relative cwd is taken from the file’s folder', () => {
    const servers = parse({
      servers: {
        files: { command: 'node', args: ['server.js'], env: { A: 'b' }, cwd: 'data' },
        bare: { command: './bare' },
      },
    });
    expect([...servers]).toEqual([
      ['files', { command: 'node', args: ['server.js'], env: { A: 'b' }, cwd: resolve('/etc/holdfast/data') }],
      ['bare', { command: './bare', args: [], env: {}, cwd: null }],
    ]);
  });

  it.each([
    ['servers.files.command', { servers: { files: {} } }, '"command": "mcp-server-filesystem"'],
    ['servers.files.args', { servers: { files: { command: 'x', args: 'y' } } }, '"args": ["/srv/docs"]'],
    ['servers.files.env.A', { servers: { files: { command: 'x', env: { A: 1 } } } }, '"env": { "LANG"'],
    ['servers.files', { servers: { files: { command: 'x', comand: 'y' } } }, 'comand'],
    ['servers.My Files', { servers: { 'My Files': { command: 'x' } } }, 'lower-case letters'],
    ['servers', {}, '"servers": { "files"'],
    ['the document', [], 'example'],
  ])('names file, key and an example: %s', (key, value, hint) => {
    expect(() => parse(value)).toThrow(ToolServersFileInvalid);
    expect(() => parse(value)).toThrow(`/etc/holdfast/tools.json: ${key}: `);
    expect(() => parse(value)).toThrow(hint);
  });

  it('says one line per problem', () => {
    expect(() => parse({ servers: { a: {}, b: { command: 1 } } })).toThrow(
      /servers\.a\.command.*\n.*servers\.b\.command/,
    );
  });

  it('says that it is not JSON, or not there', async () => {
    expect(() => parseToolServers('{', 'tools.json')).toThrow(/tools\.json: not JSON/);
    await expect(readToolServersFile('/nowhere/tools.json')).rejects.toThrow(/\/nowhere\/tools\.json: cannot be read/);
  });
});
