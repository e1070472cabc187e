import { artifactPage, type ArtifactResource, type FileLink, fileLink } from '@holdfast/contracts';
import { path } from '../http/path.ts';
import type { CallOptions } from '../http/request.ts';
import { Resource } from './resource.ts';

/** The files of a run. */
export class Artifacts extends Resource {
  /** All of them: their number is bounded by the run's steps. */
  list(run: string, options?: CallOptions): Promise<{ items: ArtifactResource[] }> {
    return this.read(path`/v1/runs/${run}/artifacts`, artifactPage, options);
  }

  /** As `get`, a piece at a time, for files that do not fit into memory. A stream that breaks off was not the whole file. */
  stream(run: string, digest: string, { signal }: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return this.transport.stream({
      method: 'GET',
      path: path`/v1/runs/${run}/artifacts/${digest}`,
      signal,
      repeatable: true,
    });
  }

  /** An address for somebody without a key, where the store can be reached from outside. */
  link(run: string, digest: string, options?: CallOptions): Promise<FileLink> {
    return this.read(path`/v1/runs/${run}/artifacts/${digest}/link`, fileLink, options);
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
