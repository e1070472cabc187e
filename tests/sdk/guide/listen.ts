import { eventLine, Holdfast, type ModelDelta } from '@holdfast/sdk';

const holdfast = new Holdfast({
  url: process.env['HOLDFAST_URL'] ?? 'http://127.0.0.1:7070',
  key: process.env['HOLDFAST_API_KEY'] ?? '',
});

const [given, after = '0'] = process.argv.slice(2);
const run = given ?? (await holdfast.runs.start({ agent: 'parrot', input: 'hello' })).id;
console.log(`run ${run}`);

const deltas = ({ text }: ModelDelta): void => console.log(`  ${text}`);
for await (const event of holdfast.runs.events(run, { after: Number(after), deltas }))
  console.log(`${event.seq} ${event.type}: ${eventLine(event).text}`);
