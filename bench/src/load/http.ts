import { Agent, request as send } from 'node:http';

// Not fetch: it costs the load's process more than the server under test, on the same two cores.
const agent = new Agent({ keepAlive: true, maxSockets: 2_000 });

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export function request(
  method: 'GET' | 'POST' | 'PUT',
  url: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = send(url, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** @throws Error with the answer when its status is another one. */
export function expectStatus(status: number, answer: Answer): string {
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text.slice(0, 500)}`);
  return answer.text;
}
