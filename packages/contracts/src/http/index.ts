export * from './numbers.ts';
export * from './page.ts';
export * from './agents.ts';
export * from './runs.ts';
export * from './attention.ts';
export * from './artifacts.ts';
export * from './health.ts';
export * from './event-line.ts';
