import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { routes } from '../routes/routes.ts';
import { openApiDocument, operationIdOf } from './open-api.ts';
import { referencePage } from './reference-page.ts';

const document = openApiDocument(routes);
const text = JSON.stringify(document);

describe('the OpenAPI document', () => {
  test('is up to date in docs/reference (else: npm run generate)', () => {
    const file = fileURLToPath(new URL('../../../../docs/reference/openapi.json', import.meta.url));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(text));
  });

  test('names each operation once', () => {
    const ids = routes.map(operationIdOf);
    expect(new Set(ids).size).toBe(ids.length);
    expect(Object.values(document.paths ?? {}).flatMap((path) => Object.keys(path))).toHaveLength(routes.length);
  });

  test('refers to nothing that it does not have', () => {
    const names = Object.keys(document.components?.schemas ?? {});
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) expect(names).toContain(name);
    expect(text).not.toContain('__schema');
  });

  test('tells of every placeholder of a path', () => {
    for (const [path, item] of Object.entries(document.paths ?? {})) {
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(item as Record<string, { parameters?: { in: string; name: string }[] }>))
        expect(
          (operation.parameters ?? []).filter(({ in: place }) => place === 'path').map(({ name }) => name),
        ).toEqual(wanted);
    }
  });
});

test('the reference page tells of every operation and links only within itself', () => {
  const page = referencePage(routes, document);
  for (const route of routes) expect(page).toContain(`<section id="${operationIdOf(route)}">`);
  expect(page).not.toMatch(/<script|style="|(src|href)="https?:/);
  for (const [, id = ''] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${id}"`);
});
