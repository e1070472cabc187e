export { runCli, type Terminal } from './cli.ts';
export { Client } from './client.ts';
export type { Surroundings } from './settings.ts';
