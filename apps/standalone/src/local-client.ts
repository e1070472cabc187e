import { problem } from '@holdfast/contracts';
import type { Api } from '@holdfast/api';
import type { z } from 'zod';

/** The API as any client sees it, key and all, without a socket. */
export function localClient(app: Api['app'], key: string) {
  return async function ask<S extends z.ZodType>(
    schema: S,
    method: 'GET' | 'POST',
    url: string,
    body?: { readonly type: string; readonly text: string },
  ): Promise<z.output<S>> {
    const response = await app.inject({
      method,
      url,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': body.type }) },
      ...(body === undefined ? {} : { payload: body.text }),
    });
    if (response.statusCode < 400) return schema.parse(response.json());
    const told = problem.safeParse(response.json());
    throw new Error(
      `${method} ${url}: ${told.success ? `${told.data.detail} (${told.data.code})` : response.statusCode}`,
    );
  };
}

export type Ask = ReturnType<typeof localClient>;

export const asJson = (value: unknown) => ({ type: 'application/json', text: JSON.stringify(value) });
