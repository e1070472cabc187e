import { connect } from './connect.ts';
import { addSearchAttributes } from './search-attributes.ts';
import type { TemporalSettings } from './temporal-settings.ts';

/**
 * Gives the namespace what Holdfast needs of it: its search attributes. Returns the names of those that were added.
 * @throws Error when Temporal is away or refuses.
 */
export async function prepareNamespace(settings: TemporalSettings): Promise<readonly string[]> {
  const connection = await connect(settings);
  try {
    return await addSearchAttributes(connection.native, settings);
  } finally {
    await connection.close();
  }
}
