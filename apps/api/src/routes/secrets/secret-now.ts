import type { Resource } from '../../http/route.ts';
import { secretResource } from '../../resources/secret.ts';

/** All but the value, of which no hash is kept either: a short one could be guessed from it. */
export const secretNow: Resource<{ readonly name: string }> = async ({ secrets }, caller, { name }) => {
  const found = await secrets.get(caller, name);
  return found && secretResource(found);
};
