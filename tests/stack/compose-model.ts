import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The folder of the Compose files. */
export const folder = fileURLToPath(new URL('../../deploy/compose/', import.meta.url));

const condition = z.enum(['service_started', 'service_healthy', 'service_completed_successfully']);

const service = z.object({
  image: z.string(),
  user: z.string().optional(),
  command: z.array(z.string()).nullish(),
  entrypoint: z.array(z.string()).nullish(),
  environment: z.record(z.string(), z.string()).default({}),
  restart: z.string().default('no'),
  privileged: z.boolean().default(false),
  read_only: z.boolean().default(false),
  init: z.boolean().default(false),
  tmpfs: z.array(z.string()).default([]),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  mem_limit: z.string().optional(),
  stop_grace_period: z.string().optional(),
  network_mode: z.string().optional(),
  networks: z.record(z.string(), z.unknown()).default({}),
  ports: z.array(z.object({ target: z.number(), published: z.string() })).default([]),
  secrets: z.array(z.object({ source: z.string(), target: z.string() })).default([]),
  volumes: z
    .array(
      z.object({ type: z.string(), source: z.string(), target: z.string(), read_only: z.boolean().default(false) }),
    )
    .default([]),
  depends_on: z.record(z.string(), z.object({ condition, required: z.boolean() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()), start_period: z.string().optional() }).optional(),
  logging: z.object({ driver: z.string(), options: z.record(z.string(), z.string()) }).optional(),
});

export const model = z.object({
  services: z.record(z.string(), service),
  networks: z.record(z.string(), z.object({ internal: z.boolean().default(false) })),
  volumes: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});

export type Service = z.output<typeof service>;
export type Model = z.output<typeof model>;

/** The whole stack of some files, as Compose itself reads it. Throws with what Compose says against it. */
export function composed(bin: string, files: readonly string[], env: Readonly<Record<string, string>> = {}): Model {
  const text = execFileSync(
    bin,
    [
      '--project-directory',
      folder,
      '--env-file',
      '/dev/null',
      ...files.flatMap((file) => ['-f', `${folder}${file}`]),
      '--profile',
      '*',
      'config',
      '--format',
      'json',
    ],
    { encoding: 'utf8', env: { PUBLIC_BASE_URL: 'https://holdfast.example.com', ...env }, stdio: 'pipe' },
  );
  return model.parse(JSON.parse(text));
}

/** What is started in which order; of those that may start together, by name. Throws on a circle. */
export function startOrder({ services }: Model): readonly string[] {
  const order: string[] = [];
  const left = new Map(Object.entries(services).map(([name, { depends_on: needs }]) => [name, Object.keys(needs)]));
  while (left.size > 0) {
    const next = [...left].filter(([, needs]) => needs.every((need) => order.includes(need))).map(([name]) => name);
    if (next.length === 0) throw new Error(`these wait for each other: ${[...left.keys()].join(', ')}`);
    for (const name of next.toSorted()) {
      order.push(name);
      left.delete(name);
    }
  }
  return order;
}
