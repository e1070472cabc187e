export { carryRun } from './carry-run.ts';
