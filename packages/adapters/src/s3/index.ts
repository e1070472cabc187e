export { S3ArtifactStore, type S3Options } from './artifact-store.ts';
export { examineBucket } from './examine-bucket.ts';
export { makeBucket } from './make-bucket.ts';
export type { S3Settings } from './settings.ts';
