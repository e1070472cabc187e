// A person's day with a stack that runs, seen from outside of it: a login at Keycloak, a large file, an agent, a run whose
// events are read as they come, its files.  node tests/stack/try-stack.mjs <address> <user> <password> <tenant>
import { createHash, randomBytes } from 'node:crypto';

const [, , url = 'http://localhost:8080', user, password, tenant] = process.argv;
const began = performance.now();
const at = () => `${((performance.now() - began) / 1_000).toFixed(1)} s`;
const say = (text) => process.stdout.write(`${at().padStart(8)}  ${text}\n`);
const jar = new Map();

/** Follows redirects by itself: each answer on the way may set cookies. */
async function browse(address, init = {}) {
  let response = await once(address, init);
  while (response.status >= 300 && response.status < 400) {
    response = await once(new URL(response.headers.get('location'), response.url).href);
  }
  return response;
}

async function once(address, init = {}) {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await fetch(address, { ...init, headers: { ...init.headers, cookie }, redirect: 'manual' });
  for (const text of response.headers.getSetCookie()) {
    const [pair] = text.split(';');
    const name = pair.slice(0, pair.indexOf('='));
    if (/max-age=0|expires=thu, 01[ -]jan[ -]1970/i.test(text)) jar.delete(name);
    else jar.set(name, pair.slice(pair.indexOf('=') + 1));
  }
  return response;
}

const isJson = (response) => response.headers.get('content-type')?.includes('json') === true;

async function api(method, path, body, headers = {}) {
  const response = await once(`${url}${path}`, {
    method,
    headers: {
      'holdfast-tenant': tenant,
      'x-holdfast-csrf': '1',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${await response.text()}`);
  return response;
}

// One page asks for the name, the next one for the password.
let shown = await browse(`${url}/auth/login`);
for (let pages = 0; pages < 2 && !isJson(shown); pages += 1) {
  const form = /<form[^>]*action="([^"]+)"/.exec(await shown.text());
  if (form === null) throw new Error(`${shown.url} has no form to log in with`);
  say('Keycloak asks who it is');
  shown = await browse(form[1].replaceAll('&amp;', '&'), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ username: user, password, credentialId: '' }),
  });
}
if (!isJson(shown)) {
  const page = await shown.text();
  const said = /id="input-error[^"]*"[\s\S]*?feedback-text">\s*([^<]+)/.exec(page)?.[1]?.trim() ?? page;
  throw new Error(`the login ended at ${shown.url.split('?')[0]}: ${said}`);
}
const who = await shown.json();
if (who.session === undefined) throw new Error(`nobody is logged in: ${JSON.stringify(who)}`);
say(`logged in: ${JSON.stringify(who).slice(0, 200)}`);

const { items: before } = await (await api('GET', '/v1/runs?limit=100')).json();
say(`runs that are there: ${before.map(({ id, status }) => `${id} ${status}`).join(', ') || 'none'}`);

// Larger than what the edge takes as the body of any other request.
const bytes = randomBytes(20 * 1_048_576);
const sha256 = (of) => createHash('sha256').update(of).digest('hex');
const digest = sha256(bytes);
const upload = await (
  await api('POST', '/v1/uploads', {
    name: 'large.bin',
    media_type: 'application/octet-stream',
    size: bytes.length,
    digest,
  })
).json();
const sent = performance.now();
await api('PUT', `/v1/uploads/${upload.id}/content`, bytes, { 'content-type': 'application/octet-stream' });
await api('POST', `/v1/uploads/${upload.id}/complete`);
say(`sent a file of 20 MiB in ${Math.round(performance.now() - sent)} ms`);

const name = `stack-${Date.now().toString(36)}`;
await api('POST', '/v1/agents', {
  name,
  model: { name: 'rehearsal' },
  tools: [{ builtin: 'artifacts.write' }, { builtin: 'ask' }],
  rehearsal: [
    {
      say: 'I write a file.',
      calls: [
        {
          tool: 'artifacts_write',
          args: { name: 'report.md', media_type: 'text/markdown', content: '# From the stack\n' },
        },
      ],
    },
    { say: 'I ask.', calls: [{ tool: 'ask', args: { question: 'Good?' } }] },
    { say: 'Done: {{last}}' },
  ],
});
say(`published ${name}`);
const { id: run } = await (await api('POST', '/v1/runs', { agent: name, files: [upload.id] })).json();
say(`started ${run}`);

const stream = await api('GET', `/v1/runs/${run}/events`, undefined, { accept: 'text/event-stream' });
let text = '';
let last = '';
for await (const piece of stream.body.pipeThrough(new TextDecoderStream())) {
  text += piece;
  const blocks = text.split('\n\n');
  text = blocks.pop() ?? '';
  for (const block of blocks) {
    const event = /^event: ?(.+)$/m.exec(block)?.[1];
    if (event === undefined) continue;
    last = event;
    say(`  ${event}`);
    if (event !== 'question.asked') continue;
    const { items } = await (await api('GET', `/v1/attention?run=${run}`)).json();
    await api('POST', `/v1/runs/${run}/attention/${items[0].ref}`, { decision: 'answer', answer: 'yes' });
  }
}
if (last !== 'run.succeeded') throw new Error(`the run ended with ${last}`);
const { items: files } = await (await api('GET', `/v1/runs/${run}/artifacts`)).json();
for (const file of files) {
  const read = Buffer.from(await (await api('GET', `/v1/runs/${run}/artifacts/${file.digest}`)).arrayBuffer());
  if (sha256(read) !== file.digest) throw new Error(`${file.name} came back as something else`);
  say(`${file.name}: ${read.length} bytes, as they were`);
}
if (!files.some((file) => file.digest === digest)) throw new Error('the large file is not among those of the run');
process.stdout.write(`${run}\n`);
