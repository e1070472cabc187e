import { refused } from '@holdfast/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parse as parseYaml } from 'yaml';
import { checkStorable } from './check.ts';

const yamlTypes = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'];

/** JSON everywhere; YAML where the route takes it. An empty body is no body. */
export function parseBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const json = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (String(text).trim() === '') return done(null, undefined);
    return json(request, String(text), (error, body) => (error === null ? checked(body, done) : done(error)));
  });
  app.addContentTypeParser(yamlTypes, { parseAs: 'string' }, (request, text, done) => {
    if (!takesYaml(request)) return done(refused('unsupported_media_type', 'Send application/json.'));
    let body: unknown;
    try {
      body = parseYaml(String(text), { maxAliasCount: 50, logLevel: 'error' });
    } catch (error) {
      return done(
        refused('invalid_json', `The body is not YAML: ${error instanceof Error ? firstLine(error.message) : ''}`),
      );
    }
    return checked(body, done);
  });
  parseForms(app);
  passBytes(app);
}

/** What may have any size is not gathered here. */
function passBytes(app: FastifyInstance): void {
  app.addContentTypeParser('application/octet-stream', (request, bytes, done) => {
    if (request.routeOptions.config.bytes !== true)
      return done(refused('unsupported_media_type', 'Send application/json.'));
    return done(null, bytes);
  });
}

/** Of an HTML form: the last value of each name. */
function parseForms(app: FastifyInstance): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (request, text, done) => {
    if (request.routeOptions.config.form !== true)
      return done(refused('unsupported_media_type', 'Send application/json.'));
    return checked(Object.fromEntries(new URLSearchParams(String(text))), done);
  });
}

function checked(body: unknown, done: (error: Error | null, body?: unknown) => void): void {
  try {
    checkStorable(body);
  } catch (error) {
    return done(error instanceof Error ? error : new Error(String(error)));
  }
  return done(null, body);
}

const takesYaml = (request: FastifyRequest): boolean => request.routeOptions.config.yaml === true;

const firstLine = (text: string): string => text.split('\n')[0] ?? '';
