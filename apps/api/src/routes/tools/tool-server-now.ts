import type { Resource } from '../../http/route.ts';
import { toolServerResourceOf } from '../../resources/tool-server.ts';

/** The server as it is registered, for its audit line. */
export const toolServerNow: Resource<{ readonly name: string }> = async ({ toolServers }, caller, { name }) => {
  const found = await toolServers.get(caller, name);
  return found && toolServerResourceOf({ ...found, type: found.spec.type });
};
