import type { RunRef, TenantScope } from '../tenant-scope.ts';
import { ArtifactRefused } from './artifact-store.ts';

/**
 * Lower case only: on a file system that ignores case, `A` and `a` would share a folder.
 * A leading dot is refused, which covers `.`, `..` and temporary names.
 */
const folderName = /^[a-z0-9_-][a-z0-9._-]{0,127}$/;
const digestName = /^[0-9a-f]{64}$/;

export const isArtifactFolder = (name: string): boolean => folderName.test(name);
export const isArtifactDigest = (name: string): boolean => digestName.test(name);

/** `<tenant>`, as every store names it. @throws ArtifactRefused */
export function artifactTenant({ tenant }: TenantScope): string {
  if (!folderName.test(tenant)) throw new ArtifactRefused(`not a tenant id: ${shown(tenant)}`);
  return tenant;
}

/** `<tenant>/<run>`. @throws ArtifactRefused */
export function artifactRun(ref: RunRef): string {
  const tenant = artifactTenant(ref);
  if (!folderName.test(ref.run)) throw new ArtifactRefused(`not a run id: ${shown(ref.run)}`);
  return `${tenant}/${ref.run}`;
}

/** `<tenant>/<run>/<digest>`. @throws ArtifactRefused */
export function artifactKey(ref: RunRef, digest: string): string {
  const run = artifactRun(ref);
  if (!digestName.test(digest)) throw new ArtifactRefused(`not a digest: ${shown(digest)}`);
  return `${run}/${digest}`;
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 200));
