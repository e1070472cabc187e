import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { envValue } from './env-file.ts';
import { derivedSecrets, givenSecrets, newSecret, randomSecrets } from './secrets.ts';

export interface StackOptions {
  /** How the world reaches it. */
  readonly url: string;
  readonly edge: 'traefik' | 'kong';
  readonly temporal: boolean;
  /** Sample people with known passwords. */
  readonly dev: boolean;
}

export interface Made {
  readonly made: readonly string[];
  readonly kept: readonly string[];
}

/**
 * Writes `.env` and `secrets/` into the folder of the Compose files. What is there already stays as it is, and what
 * follows from it fits it. @throws Failure when the options do not go together.
 */
export function initStack(folder: string, options: StackOptions): Made {
  const text = envText(options);
  const acl = valkeyUsers(folder);
  const made: string[] = [];
  const kept: string[] = [];
  const write = (name: string, value: string, mode: number): void => {
    const path = join(folder, name);
    if (existsSync(path)) {
      kept.push(name);
      return;
    }
    writeFileSync(path, value, { mode, flag: 'wx', flush: true });
    // Whatever the umask is: the users of the images must be able to read theirs.
    chmodSync(path, mode);
    made.push(name);
  };
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets, { recursive: true });
  // The folder keeps others out. The files themselves cannot: Compose mounts them as they are, and each image runs as
  // another user.
  chmodSync(secrets, 0o700);
  for (const name of randomSecrets) write(`secrets/${name}`, `${newSecret()}\n`, SECRET);
  const value = (name: string): string => readFileSync(join(secrets, name), 'utf8').trim();
  for (const [name, derived] of Object.entries(derivedSecrets(value, acl, bucketOf(folder))))
    write(`secrets/${name}`, `${derived}\n`, SECRET);
  for (const name of givenSecrets) write(`secrets/${name}`, '', 0o644);
  write('.env', text, 0o600);
  return { made, kept };
}

const SECRET = 0o444;

/** The bucket that compose.yaml names to the processes. */
const bucketOf = (folder: string): string =>
  (existsSync(join(folder, '.env')) ? envValue(folder, 'S3_BUCKET') : null) || 'holdfast';

/** Each may do only what it needs, and nobody comes in without a name. */
function valkeyUsers(folder: string): string {
  return ['users.acl', 'edge.acl']
    .map((name) => {
      const path = join(folder, '../valkey', name);
      if (!existsSync(path))
        throw new Failure(`There is no ${path}. Take all of deploy/, not the folder of the Compose files alone.`);
      return readFileSync(path, 'utf8');
    })
    .join('');
}

function envText({ url, edge, temporal, dev }: StackOptions): string {
  const { protocol, hostname, port, origin } = parsed(url);
  const isLoopback = ['localhost', '127.0.0.1'].includes(hostname);
  if (dev && !isLoopback)
    throw new Failure(
      `--dev brings people with known passwords, so the address must be one of this machine: ${url} is not.`,
    );
  const tls = protocol === 'https:';
  const files = [
    'compose.yaml',
    `edge.${edge}.yaml`,
    ...(tls ? [`tls.${edge}.yaml`] : []),
    ...(temporal ? ['temporal.yaml'] : []),
    // No free Kong can ask the API who may see Temporal's pages.
    ...(temporal && edge === 'traefik' ? ['temporal.traefik.yaml'] : []),
    ...(dev ? ['dev.yaml'] : []),
  ];
  return `# Written by \`holdfast stack init\`, and yours from now on. No secret stands here: they are in secrets/.
# What may be set beside these: docs/guides/compose.md, docs/reference/environment.md.

# The parts of the stack.
COMPOSE_FILE=${files.join(':')}

# How the world reaches it. Keycloak's tokens name it: after a change everybody logs in anew.
PUBLIC_BASE_URL=${origin}
EDGE_BIND=${isLoopback ? '127.0.0.1' : '0.0.0.0'}
${tls ? `EDGE_TLS_PORT=${port === '' ? '443' : port}` : `EDGE_PORT=${port === '' ? '80' : port}`}

# Which installation this is. Its data, copied to another one, is frozen there until somebody has looked at it.
INSTALLATION_ID=${randomUUID()}

# The release. Upgrades change it: holdfast stack upgrade --image <name:tag>
HOLDFAST_IMAGE=holdfast:0.1.0

# Other images, and digests, which pin them:
#POSTGRES_IMAGE=pgvector/pgvector:0.8.6-pg18-trixie
#POSTGRES_DIGEST=@sha256:…

# A language model. Without one, agents follow the plan in their file (rehearsal).
#MODEL_BASE_URL=http://vllm:8000/v1
#MODEL_DEFAULT=qwen
# After its key was written into secrets/model-api-key:
#MODEL_API_KEY_FILE=/run/secrets/model-api-key
`;
}

function parsed(url: string): URL {
  const read = URL.canParse(url) ? new URL(url) : null;
  if (read === null || !['http:', 'https:'].includes(read.protocol) || read.pathname !== '/' || read.search !== '')
    throw new Failure(
      `--url must be http:// or https:// with a host and no path, such as https://holdfast.example.com; it is ${url}.`,
    );
  return read;
}
