import type { NativeConnection } from '@temporalio/worker';
import proto from '@temporalio/proto';
import { within } from './connect.ts';
import type { TemporalSettings } from './temporal-settings.ts';
import { attributes } from './workflow/messages.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;
type IndexedValueType = proto.temporal.api.enums.v1.IndexedValueType;

/** What Temporal's UI can filter by. */
const types: Readonly<Record<string, IndexedValueType>> = {
  [attributes.tenant]: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  [attributes.agent]: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  [attributes.version]: IndexedValueType.INDEXED_VALUE_TYPE_INT,
  [attributes.status]: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  [attributes.waitingFor]: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
};

/** Those that the namespace lacks, or has with another type. */
export async function missingSearchAttributes(
  connection: NativeConnection,
  { namespace }: TemporalSettings,
): Promise<readonly string[]> {
  const { customAttributes } = await within(connection, () =>
    connection.operatorService.listSearchAttributes({ namespace }),
  );
  return Object.keys(types).filter((name) => customAttributes[name] !== types[name]);
}

/** Adds what is missing and returns its names. @throws Error of the server, as where Temporal Cloud wants its own tools. */
export async function addSearchAttributes(
  connection: NativeConnection,
  settings: TemporalSettings,
): Promise<readonly string[]> {
  const missing = await missingSearchAttributes(connection, settings);
  if (missing.length === 0) return missing;
  await within(connection, () =>
    connection.operatorService.addSearchAttributes({
      namespace: settings.namespace,
      searchAttributes: Object.fromEntries(
        missing.flatMap((name) => (types[name] === undefined ? [] : [[name, types[name]]])),
      ),
    }),
  );
  return missing;
}
