import { readFileSync } from 'node:fs';
import type { File, UnpackedImage } from './layers.ts';

/** Names of what has no place in an image. */
const unwanted: readonly { readonly what: string; readonly path: RegExp }[] = [
  { what: 'settings of a package registry', path: /\/\.(npmrc|yarnrc|yarnrc\.yml|netrc|pypirc|pip\/pip\.conf)$/ },
  {
    what: 'settings with secrets',
    path: /\/\.env(\.[^/]+)?$|\/\.git-credentials$|\/\.docker\/config\.json$|\/\.aws\//,
  },
  { what: 'a key', path: /\.(key|p12|pfx|jks)$|\/id_(rsa|ed25519|ecdsa)$/ },
  { what: 'a history of commands', path: /\/\.(bash|ash|node_repl)_history$/ },
  { what: 'a repository', path: /\/\.git(\/|$)/ },
  {
    what: 'a cache of a package manager',
    path: /\/(\.npm|\.cache|_cacache|node-compile-cache)(\/|$)|^\/var\/(cache|lib\/apt\/lists)\/.*\.(deb|bin|lz4|gz|xz)$|_Packages$/,
  },
  { what: 'a package manager for Node', path: /\/(npm|npx|yarn|corepack|pnpm)$/ },
  { what: 'something in /tmp', path: /^\/tmp\/./ },
  { what: 'a test', path: /^\/app\/.*\.(test|suite)\.[cm]?js$/ },
  { what: 'TypeScript or a source map', path: /^\/app\/.*(\.[cm]?ts|\.tsx|\.js\.map|\.tsbuildinfo)$/ },
  {
    what: 'a tool for developers',
    path: /^\/app\/node_modules\/(typescript|vitest|vite|oxlint|oxfmt|tsx|esbuild|dependency-cruiser|playwright-core|fast-check|@types\/node)\//,
  },
];

/** What a secret looks like in a text. */
const secrets: readonly { readonly what: string; readonly text: RegExp }[] = [
  { what: 'a private key', text: /-----BEGIN (RSA |EC |OPENSSH |ENCRYPTED )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}/ },
  { what: 'a key of AWS', text: /\b(AKIA|ASIA)[0-9A-Z]{16}\b/ },
  { what: 'a token of npm', text: /_authToken\s*=\s*[^$\s]{8}|\bnpm_[A-Za-z0-9]{36}\b/ },
  { what: 'a token of GitHub', text: /\b(ghp|gho|ghs|ghu)_[A-Za-z0-9]{36}\b|\bgithub_pat_\w{40}/ },
  { what: 'a token of Slack', text: /\bxox[abprs]-[0-9]{8,}-/ },
  { what: 'a key of a model', text: /\bsk-(proj-|ant-)?[A-Za-z0-9_-]{32,}\b/ },
  { what: 'a key of Holdfast', text: /\bhf_[0-9a-f-]{30,}/ },
  { what: 'a web token', text: /\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}/ },
];

/** `words` may stand nowhere, not even in programs. */
export function faultsOf(image: UnpackedImage, words: readonly string[]): string[] {
  const files = image.layers.flatMap((layer) => layer.files);
  const { config } = image.config;
  const faults = files.flatMap((file) => faultsOfFile(file, words));
  const hidden = files.filter(({ path }) => /\/\.wh\./.test(path));
  faults.push(...hidden.map(({ path }) => `${path} hides what an earlier layer holds`));
  if (!/^[1-9]\d*(:[1-9]\d*)?$/.test(config.User))
    faults.push(`runs as '${config.User}', not as a number that is not 0`);
  if (config.Healthcheck.Test[0] !== 'CMD') faults.push('its health check is no program');
  faults.push(...secretsIn(image.configText, 'its configuration', words));
  return faults;
}

function faultsOfFile(file: File, words: readonly string[]): string[] {
  const faults = unwanted.filter(({ path }) => path.test(file.path)).map(({ what }) => `${file.path} is ${what}`);
  if (!file.isFile) return faults;
  if ((file.mode & 0o6000) !== 0) faults.push(`${file.path} runs as its owner or group (setuid, setgid)`);
  if (file.path.startsWith('/app/') && (file.uid !== 0 || (file.mode & 0o022) !== 0))
    faults.push(`${file.path} can be written by others than root`);
  const bytes = readFileSync(file.at);
  const isText = !bytes.subarray(0, 8_000).includes(0);
  if (isText) return [...faults, ...secretsIn(bytes.toString('utf8'), file.path, words)];
  return [...faults, ...wordsIn(bytes, file.path, words)];
}

function secretsIn(text: string, where: string, words: readonly string[]): string[] {
  return [
    ...secrets.filter((secret) => secret.text.test(text)).map(({ what }) => `${where} holds ${what}`),
    ...wordsIn(Buffer.from(text), where, words),
  ];
}

function wordsIn(bytes: Buffer, where: string, words: readonly string[]): string[] {
  return words.filter((word) => bytes.includes(word)).map((word) => `${where} holds '${word.slice(0, 8)}…'`);
}
