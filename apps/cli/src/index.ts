export { runCli, type Terminal } from './cli.ts';
export { cliReference } from './reference.ts';
export type { Surroundings } from './settings.ts';
