import { openApiDocument, routes } from '@holdfast/api';
import { z } from 'zod';

/** What tests need of one operation of the OpenAPI document. */
export interface DocumentedOperation {
  readonly id: string;
  readonly method: string;
  /** With its placeholders: `/v1/runs/{run}`. */
  readonly path: string;
  readonly inPath: readonly string[];
  readonly inQuery: readonly string[];
  readonly headers: readonly string[];
  /** Media types of its body; none: it takes no body. */
  readonly takes: readonly string[];
  readonly bodyRequired: boolean;
  /** Codes of its problems, by the document. */
  readonly codes: readonly string[];
}

const operation = z.object({
  operationId: z.string(),
  parameters: z.array(z.object({ in: z.string(), name: z.string() })).default([]),
  requestBody: z
    .object({ required: z.boolean().default(false), content: z.record(z.string(), z.unknown()) })
    .optional(),
  responses: z.record(z.string(), z.object({ description: z.string() })),
});

/** Every operation there is: what the document does not name, no route answers. */
export const documentedOperations: readonly DocumentedOperation[] = Object.entries(
  z.record(z.string(), z.record(z.string(), operation)).parse(openApiDocument(routes).paths),
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId, parameters, requestBody, responses }]) => {
    const of = (place: string) => parameters.filter((each) => each.in === place).map(({ name }) => name);
    return {
      id: operationId,
      method: method.toUpperCase(),
      path,
      inPath: of('path'),
      inQuery: of('query'),
      headers: of('header').map((name) => name.toLowerCase()),
      takes: Object.keys(requestBody?.content ?? {}),
      bodyRequired: requestBody?.required ?? false,
      codes: Object.entries(responses)
        .filter(([status]) => Number(status) >= 400)
        .flatMap(([, { description }]) => [...description.matchAll(/`(\w+)`: /g)].map(([, code = '']) => code)),
    };
  }),
);
