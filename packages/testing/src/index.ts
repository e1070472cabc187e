export * from './conformance/artifact-store.ts';
