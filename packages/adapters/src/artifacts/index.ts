export { openConfiguredArtifacts } from './open-configured-artifacts.ts';
