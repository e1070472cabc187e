import type { Resource } from '../../http/route.ts';

/** The alias as it stands, for its audit line. */
export const aliasNow: Resource<{ readonly agent: string; readonly alias: string }> = async (
  { agents },
  caller,
  { agent, alias },
) => {
  const targets = (await agents.get(caller, agent))?.aliases[alias];
  return targets === undefined ? null : { agent, alias, targets };
};
