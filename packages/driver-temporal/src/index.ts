export { configuredSettings } from './configured-settings.ts';
export { prepareNamespace } from './prepare-namespace.ts';
export { temporalDriver, type TemporalDriverPorts } from './temporal-driver.ts';
export type { TemporalSettings, TemporalTls } from './temporal-settings.ts';
