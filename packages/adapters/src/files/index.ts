export { ArtifactDamaged, ArtifactRefused, FileArtifactStore } from './artifact-store.ts';
