import { artifactPage, type ArtifactResource } from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions } from '../http/request.ts';
import { Resource } from './resource.ts';

/** The files of a run. */
export class Artifacts extends Resource {
  /** All of them: their number is bounded by the run's steps. */
  list(run: string, options?: CallOptions): Promise<{ items: ArtifactResource[] }> {
    return this.read(path`/v1/runs/${run}/artifacts`, artifactPage, options);
  }

  /** The bytes of the file with this digest. */
  get(run: string, digest: string, { signal }: CallOptions = {}): Promise<Uint8Array> {
    return this.transport.bytes({
      method: 'GET',
      path: path`/v1/runs/${run}/artifacts/${digest}`,
      signal,
      repeatable: true,
    });
  }
}
