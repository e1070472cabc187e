import { z } from 'zod';
import { actor } from '../actor.ts';
import { limits, prices } from '../agent/limits.ts';
import { eventData } from '../event/event-data.ts';
import { budgetWindow, charge, requestedCall, reservation, usage } from '../event/event-parts.ts';
import { eventTypes } from '../event/event.ts';
import { json, jsonObject } from '../json.ts';
import { artifactPart, content, digest, imagePart, textPart } from '../part.ts';
import { GENERATED, page, table } from './markdown.ts';
import { descriptionOf, type NamedSchemas, typeName } from './type-name.ts';

/** Shapes that events share; those that are objects are told of once, below the events. */
const shared: NamedSchemas = {
  actor,
  content,
  'text-part': textPart,
  'artifact-part': artifactPart,
  'image-part': imagePart,
  limits,
  prices,
  reservation,
  charge,
  usage,
  'requested-call': requestedCall,
  'budget-window': budgetWindow,
  digest,
  json,
  'json-object': jsonObject,
};

const sharedMeaning: Readonly<Record<string, string>> = {
  actor: 'Who did it: an API key, or Holdfast itself.',
  content: 'A list of parts: [text-part](#text-part), [artifact-part](#artifact-part) or [image-part](#image-part).',
  'text-part': 'Words.',
  'artifact-part': 'A file of the run.',
  'image-part': 'A picture, kept as a file of the run.',
  limits: 'Limits of the run. Cost in micro-dollars, times in milliseconds; `null` = no limit.',
  prices: 'Micro-dollars per million tokens.',
  reservation: 'What the call may use at most, kept free until it ends.',
  charge: 'What one attempt of a model call counts for, in limits, budgets and usage.',
  usage: 'Tokens, as the model server counted them.',
  'budget-window': 'One window of one budget.',
  'requested-call': 'A tool call that the model asks for.',
  digest: 'SHA-256, lower-case hex.',
  json: 'Any JSON value.',
  'json-object': 'A JSON object.',
};

export function eventsPage(): string {
  return page([
    GENERATED,
    '# Events',
    'Each run has one log of events, numbered from 1 without gaps. An event as `GET /v1/runs/{id}/events` gives it has `run_id`, `seq`, `type`, `format`, `at` and `data`; this page tells of every `type` and its `data`. Numbers of time are milliseconds, those ending in `_micros` micro-dollars.',
    ...eventTypes.flatMap((type) => [`## ${type}`, descriptionOf(eventData[type]), fields(eventData[type])]),
    '# Shared shapes',
    ...Object.entries(shared).flatMap(([name, schema]) => [
      `## ${name}`,
      sharedMeaning[name] ?? '',
      ...(schema instanceof z.ZodObject ? [fields(schema)] : []),
    ]),
  ]);
}

function fields(schema: z.ZodObject): string {
  const rows = Object.entries(schema.shape).map(([name, field]) => [
    `\`${name}\`${field instanceof z.ZodOptional ? ' (may be missing)' : ''}`,
    typeName(field, shared),
    descriptionOf(field),
  ]);
  return rows.length === 0 ? 'No data.' : table(['Field', 'Type', 'Meaning'], rows);
}
