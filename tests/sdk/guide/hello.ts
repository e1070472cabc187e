import { Holdfast } from '@holdfast/sdk';

const holdfast = new Holdfast({
  url: process.env['HOLDFAST_URL'] ?? 'http://127.0.0.1:7070',
  key: process.env['HOLDFAST_API_KEY'] ?? '',
});

await holdfast.agents.publish({
  name: 'parrot',
  model: { name: 'rehearsal' },
  rehearsal: [{ say: 'You said: {{input}}', delay: '1s' }],
});
const run = await holdfast.runs.start({ agent: 'parrot', input: 'hello', tags: ['guide'] });
const { text } = await holdfast.runs.result(run.id);
console.log(`run ${run.id}: ${text}`);
