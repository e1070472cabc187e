import { isDeepStrictEqual } from 'node:util';
import { refusalsOf, type Route, routes } from '@holdfast/api';
import { problem } from '@holdfast/contracts';
import { z } from 'zod';
import type { Answer } from './server.ts';

/** Holds an answer to what the API document says of its route: status, media type, schema, code. */
export function expectDocumented(method: string, path: string, answer: Answer): void {
  const route = routeOf(method, path);
  if (route === undefined) return;
  const at = `${method} ${route.url} answered ${answer.status}`;
  const { json, media = {} } = route.answers[answer.status] ?? {};
  if (answer.type === 'application/problem+json') return expectProblem(route, at, answer);
  if (route.answers[answer.status] === undefined) throw new Error(`${at}, of which its document says nothing`);
  if (answer.type.startsWith('application/json') && json !== undefined) return expectFits(json, answer.json, at);
  const types = Object.keys(media);
  const fits = answer.text === '' || types.some((type) => type === '*/*' || answer.type.startsWith(type));
  if (!fits) throw new Error(`${at} as ${answer.type}, not as ${types.join(', ') || 'JSON'}`);
}

function routeOf(method: string, path: string): Route | undefined {
  const [bare = ''] = path.split('?');
  return routes.find(
    ({ method: known, url }) => known === method && new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+')}$`).test(bare),
  );
}

function expectProblem(route: Route, at: string, { json, status }: Answer): void {
  const { code, status: told } = problem.parse(json);
  if (told !== status) throw new Error(`${at}, but its problem says ${told}`);
  if (!(refusalsOf(route) as readonly string[]).includes(code))
    throw new Error(`${at} with ${code}, of which its document says nothing`);
}

/** The schemas drop what they do not name, so an answer that comes out as it went in has nothing more. */
function expectFits(schema: z.ZodType, value: unknown, at: string): void {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Error(`${at}, which does not fit: ${z.prettifyError(parsed.error)}`);
  if (!isDeepStrictEqual(parsed.data, value))
    throw new Error(`${at} with more than its schema names: ${JSON.stringify(value)}`);
}
