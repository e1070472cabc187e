export { ModelCatalog, type NamedModel, rehearsalCatalog, rehearsalPrices } from './catalog.ts';
export { REHEARSAL, RehearsalModel } from './rehearsal.ts';
