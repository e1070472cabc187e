import type { Json, ToolServerSpec } from '@holdfast/contracts';
import type { Operation, Parameter } from './operation.ts';

type RequestSpec = Extract<ToolServerSpec, { type: 'request' }>;

/** `{name}` and nothing else. */
export const placeholder = /^\{([^{}]+)\}$/;

/** The one tool of a described request: it bears the name of its server. */
export function requestOperation(name: string, spec: RequestSpec): Operation {
  const { description, input_schema, method, url, query, body } = spec;
  const inUrl = [...url.matchAll(/\{([^{}]+)\}/g)].map(([, argument = '']): Parameter => ({
    argument,
    name: argument,
    in: 'path',
    explode: false,
  }));
  const fixed = new URLSearchParams();
  const inQuery: Parameter[] = [];
  for (const [key, value] of Object.entries(query)) {
    const argument = placeholder.exec(value)?.[1];
    if (argument === undefined) fixed.append(key, value);
    else inQuery.push({ argument, name: key, in: 'query', explode: true });
  }
  const hasBody = method !== 'GET' && method !== 'DELETE';
  return {
    name,
    description,
    input_schema,
    method,
    url: withQuery(url, fixed),
    parameters: [...inUrl, ...inQuery],
    body: body !== undefined ? { type: 'template', json: body } : hasBody ? { type: 'rest' } : { type: 'none' },
    restInQuery: body === undefined && !hasBody,
  };
}

/** Arguments that a body names. */
export function namedIn(template: Json): string[] {
  if (typeof template === 'string') return [placeholder.exec(template)?.[1] ?? []].flat();
  if (Array.isArray(template)) return template.flatMap(namedIn);
  return typeof template === 'object' && template !== null ? Object.values(template).flatMap(namedIn) : [];
}

export const withQuery = (url: string, query: URLSearchParams): string =>
  query.size === 0 ? url : `${url}${url.includes('?') ? '&' : '?'}${query.toString()}`;
