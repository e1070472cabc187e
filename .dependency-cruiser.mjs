// Which folder may import which. The arrows of the layout, checked; see CONTRIBUTING.md for the picture.
// Between packages the arrows leave no room for a cycle. Cycles between files are found by oxlint (import/no-cycle),
// because the swc parser here cannot tell `import type`, which may form one.

const test = '\\.(test|suite)\\.ts$';

/** Workspace folders that each workspace folder may import, besides itself. Test files may also use `testing`. */
const arrows = {
  'packages/contracts': [],
  'packages/core': ['packages/contracts'],
  'packages/adapters': ['packages/core', 'packages/contracts'],
  'packages/driver-embedded': ['packages/core', 'packages/contracts'],
  'packages/driver-temporal': ['packages/core', 'packages/contracts'],
  'packages/testing': ['packages/core', 'packages/contracts'],
  'packages/sdk': ['packages/contracts'],
  'apps/api': ['packages/core', 'packages/contracts', 'packages/adapters'],
  'apps/worker': [
    'packages/core',
    'packages/contracts',
    'packages/adapters',
    'packages/driver-embedded',
    'packages/driver-temporal',
  ],
  'apps/standalone': [
    'packages/core',
    'packages/contracts',
    'packages/adapters',
    'packages/driver-temporal',
    'apps/api',
    'apps/worker',
  ],
  // Core, adapters and the driver only for `init`, `migrate` and `doctor`, which look at more than a server, and for
  // `audit verify`, which computes the chain here.
  'apps/cli': ['packages/contracts', 'packages/sdk', 'packages/core', 'packages/adapters', 'packages/driver-temporal'],
};

/** Test files below these may also import packages/testing (it depends on core, so core and contracts cannot). */
const mayTestWith = [
  'packages/adapters',
  'packages/driver-embedded',
  'packages/driver-temporal',
  'apps/api',
  'apps/worker',
  'apps/standalone',
  'apps/cli',
];

/** Outside libraries each folder may use, tests aside. `core` = Node's own modules. */
const libraries = [
  { folder: 'packages/contracts/src', npm: ['zod'], node: false },
  {
    folder: 'packages/core/src/run',
    npm: ['zod', '@marcbachmann/cel-js', 'canonicalize', '@noble/hashes', '@cfworker/json-schema'],
    node: false,
  },
  {
    folder: 'packages/core/src',
    except: ['packages/core/src/run'],
    npm: ['zod', '@marcbachmann/cel-js', 'canonicalize', '@noble/hashes', '@cfworker/json-schema', 'uuid', 'croner'],
    node: false,
  },
  {
    folder: 'packages/adapters/src/postgres',
    npm: ['pg', '@electric-sql/pglite', 'zod'],
    node: true,
  },
  { folder: 'packages/adapters/src/files', npm: ['zod'], node: true },
  {
    folder: 'packages/adapters/src/s3',
    npm: ['@aws-sdk/client-s3', '@aws-sdk/lib-storage', '@aws-sdk/s3-request-presigner', 'zod'],
    node: true,
  },
  { folder: 'packages/adapters/src/mcp', npm: ['@modelcontextprotocol/sdk', 'zod'], node: true },
  { folder: 'packages/adapters/src/oidc', npm: ['jose', 'openid-client', 'zod'], node: true },
  { folder: 'packages/adapters/src/outbound', npm: ['undici'], node: true },
  { folder: 'packages/adapters/src/http-tool', npm: ['zod'], node: true },
  {
    folder: 'packages/adapters/src/models',
    npm: ['@ai-sdk/openai-compatible', '@ai-sdk/provider', 'undici', 'yaml', 'zod'],
    node: true,
  },
  { folder: 'packages/adapters/src/secrets', npm: ['zod'], node: true },
  { folder: 'packages/adapters/src/memory', npm: ['rate-limiter-flexible'], node: true },
  { folder: 'packages/adapters/src/redis', npm: ['ioredis', 'rate-limiter-flexible'], node: true },
  { folder: 'packages/adapters/src/webhooks', npm: ['standardwebhooks'], node: true },
  { folder: 'packages/adapters/src/oidc-development', npm: ['jose', 'oidc-provider', 'zod'], node: true },
  { folder: 'packages/adapters/src/telemetry', npm: ['pino', 'prom-client', 'zod'], node: true },
  { folder: 'packages/driver-embedded/src', npm: [], node: true },
  {
    folder: 'packages/driver-temporal/src',
    except: ['packages/driver-temporal/src/workflow'],
    npm: [
      '@temporalio/activity',
      '@temporalio/client',
      '@temporalio/common',
      '@temporalio/proto',
      '@temporalio/worker',
      'p-limit',
    ],
    node: true,
  },
  // It runs in Temporal's sandbox and is replayed: nothing else may ever come in.
  { folder: 'packages/driver-temporal/src/workflow', npm: ['@temporalio/workflow'], node: false },
  {
    folder: 'packages/sdk/src',
    except: ['packages/sdk/src/tools'],
    npm: ['eventsource-parser', 'zod'],
    node: false,
  },
  { folder: 'packages/sdk/src/tools', npm: ['@modelcontextprotocol/sdk', 'zod'], node: true },
  { folder: 'packages/testing/src', npm: ['vitest', 'pg', 'zod'], node: true },
  { folder: 'apps/api/src', npm: ['fastify', 'yaml', 'zod', 'zod-openapi'], node: true },
  { folder: 'apps/worker/src', npm: [], node: true },
  { folder: 'apps/standalone/src', npm: ['zod', '@modelcontextprotocol/server-filesystem'], node: true },
  { folder: 'apps/cli/src', npm: ['@bomb.sh/tab', 'commander', 'cli-table3', 'yaml', 'zod'], node: true },
];

const any = (names) => `(${names.map((name) => name.replaceAll('/', '\\/')).join('|')})`;
const slug = (path) => path.replaceAll('/', '-').replaceAll('@', '');

const direction = Object.entries(arrows).flatMap(([folder, to]) => {
  const allowed = [folder, ...to];
  const withTesting = mayTestWith.includes(folder) ? [...allowed, 'packages/testing'] : allowed;
  const rule = (name, from, folders) => ({
    name,
    comment: `${folder} may import only: ${folders.slice(1).join(', ') || 'itself'}`,
    severity: 'error',
    from,
    to: { path: '^(packages|apps|tests|bench)/', pathNot: `^${any(folders)}/` },
  });
  return [
    rule(`arrow-${slug(folder)}`, { path: `^${folder}/`, pathNot: test }, allowed),
    rule(`arrow-${slug(folder)}-tests`, { path: `^${folder}/.*${test}` }, withTesting),
  ];
});

const outside = libraries.flatMap(({ folder, except = [], npm, node }) => {
  const from = { path: `^${folder}/`, pathNot: [test, ...except.map((path) => `^${path}/`)] };
  const rules = [
    {
      name: `library-${slug(folder)}`,
      comment: `${folder} may use only: ${npm.join(', ') || 'no library'} (list it in .dependency-cruiser.mjs to allow it)`,
      severity: 'error',
      from,
      to: {
        path: 'node_modules/',
        pathNot: npm.length > 0 ? `node_modules/(@types/)?${any(npm)}/` : '^$',
      },
    },
  ];
  if (!node) {
    rules.push({
      name: `node-${slug(folder)}`,
      comment: `${folder} runs anywhere: no module of Node`,
      severity: 'error',
      from,
      to: { dependencyTypes: ['core'] },
    });
  }
  return rules;
});

export default {
  forbidden: [
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-non-package-json',
      comment: 'Not in the package.json of the package that imports it.',
      severity: 'error',
      from: { path: '^(packages|apps|tests|bench)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-built-files',
      comment: 'Import the source by the package name; dist is for the shipped program.',
      severity: 'error',
      from: {},
      to: { path: '/dist/', pathNot: 'node_modules/' },
    },
    {
      name: 'no-library-folder-unlisted',
      comment: 'A new vendor folder: list its libraries in .dependency-cruiser.mjs.',
      severity: 'error',
      from: {
        path: '^packages/adapters/src/[^/]+/',
        pathNot: libraries.map(({ folder }) => `^${folder}/`),
      },
      to: { path: 'node_modules/' },
    },
    {
      name: 'vendors-apart',
      comment:
        'Vendor folders of adapters never import each other; their tests may, and artifacts/, which chooses one.',
      severity: 'error',
      from: { path: '^packages/adapters/src/([^/]+)/', pathNot: [test, '^packages/adapters/src/artifacts/'] },
      to: { path: '^packages/adapters/src/', pathNot: '^packages/adapters/src/$1/' },
    },
    {
      name: 'run-alone',
      comment: 'The run knows the contracts and itself; executor, scheduling and use cases know the run.',
      severity: 'error',
      from: { path: '^packages/core/src/run/', pathNot: test },
      to: { path: '^packages/core/src/(executor|scheduling|use-cases)/' },
    },
    {
      name: 'test-code-stays-in-tests',
      severity: 'error',
      from: { path: '^(packages|apps)/', pathNot: [test, '^packages/testing/'] },
      to: { path: ['^packages/testing/', '\\.test\\.ts$', 'node_modules/(vitest|fast-check)/'] },
    },
    {
      name: 'development-login-stays-outside',
      comment:
        'Anybody can be anybody in it: the standalone program alone may start it, never what runs in production.',
      severity: 'error',
      from: {
        path: '^(packages|apps)/',
        pathNot: ['^packages/adapters/src/oidc-development/', '^apps/standalone/', test],
      },
      to: { path: ['^packages/adapters/src/oidc-development/', 'node_modules/(@types/)?oidc-provider/'] },
    },
    {
      name: 'main-is-a-root',
      comment: 'main.ts starts a process; import wiring.ts instead.',
      severity: 'error',
      from: {},
      to: { path: '(^|/)main\\.ts$' },
    },
    ...direction,
    ...outside,
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['holdfast-source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.json', '.d.ts'],
    },
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: '^(tests|bench)/dist/' },
  },
};
