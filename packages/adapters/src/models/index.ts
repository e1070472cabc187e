export { ModelCatalog, type NamedModel, rehearsalCatalog } from './catalog.ts';
export { type ConfiguredModels, configuredModels } from './configured-models.ts';
export { REHEARSAL, RehearsalModel } from './rehearsal.ts';
