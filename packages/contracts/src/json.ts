import { z } from 'zod';

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export type JsonObject = { [key: string]: Json };

/** A JSON value that came from outside; JSON.parse has already refused what is not JSON. */
export const json = z.json().meta({ id: 'Json', description: 'Any JSON value.' }) as z.ZodType<Json>;

export const jsonObject = z.record(z.string(), json) as z.ZodType<JsonObject>;
