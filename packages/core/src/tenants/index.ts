export * from './erase-tenant.ts';
export * from './platform-audit.ts';
export type * from './tenant.ts';
export type * from './tenant-store.ts';
