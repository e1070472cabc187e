export { accessToken } from './access-token.ts';
export { configuredSettings } from './configured-settings.ts';
export { examineTemporal } from './examine-temporal.ts';
export { explainFailure } from './explain-failure.ts';
export { prepareNamespace } from './prepare-namespace.ts';
export { temporalDriver, type TemporalDriverPorts, type TemporalMetrics } from './temporal-driver.ts';
export type { TemporalSettings, TemporalTls } from './temporal-settings.ts';
