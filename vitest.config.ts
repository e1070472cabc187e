import { defineConfig } from 'vitest/config';

// Tests run on the sources: the condition `holdfast-source` in each package's exports, no build. Not `import`: Vitest hands
// these to Node as --conditions, where it would make require() load ES modules (pg breaks).
const conditions = ['holdfast-source', 'node'];

const folders = ['packages/*/src', 'apps/*/src'];
const needsPglite = '**/*.pglite.test.ts';
const needsPostgres = '**/*.pg.test.ts';
const needsStack = '**/*.stack.test.ts';
const chaos = 'tests/chaos/**';
// For suites whose child processes are the product.
const buildProduct = ['tests/chaos/harness/build-product.ts'];
const built = ['**/node_modules/**', '**/dist/**', '.servers/**'];

const projects = [
  {
    name: 'unit',
    include: folders.map((folder) => `${folder}/**/*.test.ts`),
    exclude: [...built, needsPglite, needsPostgres],
    isolate: false,
    testTimeout: 15_000,
  },
  {
    name: 'embedded',
    include: [...folders, 'tests'].map((folder) => `${folder}/${needsPglite}`),
    exclude: [...built, chaos],
    pool: 'forks' as const,
    globalSetup: buildProduct,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
  {
    name: 'postgres',
    include: [...folders.map((folder) => `${folder}/${needsPostgres}`), 'tests/**/*.test.ts'],
    exclude: [...built, chaos, needsPglite, needsStack],
    pool: 'forks' as const,
    globalSetup: buildProduct,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
  {
    name: 'long',
    include: [`${chaos}/*.test.ts`],
    exclude: built,
    pool: 'forks' as const,
    globalSetup: buildProduct,
    testTimeout: 600_000,
    hookTimeout: 120_000,
    // They mostly wait: for a lease to end, for processes to start.
    maxWorkers: 3,
    sequence: { groupOrder: 1 },
  },
  {
    name: 'stack',
    include: [`tests/stack/${needsStack}`],
    exclude: built,
    pool: 'forks' as const,
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Ten processes for one file: nothing else beside them.
    maxWorkers: 1,
    sequence: { groupOrder: 2 },
  },
];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: 'threads',
    // Vitest's second is too short for a machine that does other things, too.
    expect: { poll: { timeout: 10_000 } },
    maxWorkers: 2,
    projects: projects.map((test) => ({ extends: true as const, test })),
  },
});
