import { Holdfast } from '@holdfast/sdk';

const holdfast = new Holdfast({
  url: process.env['HOLDFAST_URL'] ?? 'http://127.0.0.1:7070',
  key: process.env['HOLDFAST_API_KEY'] ?? '',
});

await holdfast.agents.publish({
  name: 'greeter',
  model: { name: 'rehearsal' },
  tools: [{ builtin: 'ask' }],
  rehearsal: [{ calls: [{ tool: 'ask', args: { question: 'What is your name?' } }] }, { say: 'Hello {{last}}!' }],
});
const { id } = await holdfast.runs.start({ agent: 'greeter' });
for await (const { type } of holdfast.runs.events(id)) if (type === 'question.asked') break;
for await (const { ref, detail } of holdfast.attention.list({ run: id })) {
  console.log(detail['question']);
  await holdfast.attention.decide(id, ref, { decision: 'answer', answer: 'Ada' });
}
console.log((await holdfast.runs.result(id)).text);
