export { FileArtifactStore } from './artifact-store.ts';
