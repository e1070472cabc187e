export { ArtifactRefused, FileArtifactStore } from './artifact-store.ts';
