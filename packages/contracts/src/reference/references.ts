import { environmentPage, envExample } from './environment.ts';
import { errorsPage } from './errors.ts';
import { eventsPage } from './events.ts';

/** What is generated from the schemas: text by path from the root of the repository. */
export const references = (): Readonly<Record<string, string>> => ({
  '.env.example': envExample(),
  'docs/reference/environment.md': environmentPage(),
  'docs/reference/events.md': eventsPage(),
  'docs/reference/errors.md': errorsPage(),
});
