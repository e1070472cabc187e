import type { ArtifactResource } from '@holdfast/contracts';
import type { ArtifactRow } from '@holdfast/core';

export const artifactResource = ({ digest, name, mediaType, size }: ArtifactRow): ArtifactResource => ({
  digest,
  name,
  media_type: mediaType,
  size,
});
