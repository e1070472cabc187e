export { createLogger, type LogLevel, runLogger } from './logger.ts';
export { createMetrics, type Metrics } from './metrics.ts';
