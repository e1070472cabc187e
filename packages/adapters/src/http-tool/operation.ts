import type { Json, JsonObject } from '@holdfast/contracts';
import type { ListedTool } from '@holdfast/core';

export interface Parameter {
  /** As the model names it. */
  readonly argument: string;
  /** As the server names it. */
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  /** Of a list in the query: one pair for each value; else one with commas. */
  readonly explode: boolean;
}

export type Body =
  | { readonly type: 'none' }
  /** One argument is the body. */
  | { readonly type: 'argument'; readonly argument: string }
  /** All arguments that stand nowhere else. */
  | { readonly type: 'rest' }
  /** JSON in which the texts `{argument}` are replaced. */
  | { readonly type: 'template'; readonly json: Json };

/** One HTTP request as a tool. */
export interface Operation {
  readonly name: string;
  readonly description: string;
  readonly input_schema: JsonObject;
  readonly method: string;
  /** With `{name}` for each path parameter, by the server's names. */
  readonly url: string;
  readonly parameters: readonly Parameter[];
  readonly body: Body;
  /** Arguments that stand nowhere else go into the query. */
  readonly restInQuery: boolean;
}

/** What the publisher agreed to: where a call goes and how, not with which headers. */
export function listedOf(operation: Operation): ListedTool {
  const { name, description, input_schema, method, url, parameters, body } = operation;
  return {
    name,
    description,
    input_schema,
    request: { method, url, parameters: parameters.map((parameter) => ({ ...parameter })), body: { ...body } },
  };
}
