import { fdatasyncSync } from 'node:fs';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type Init = NodeFS['init'];
type Module = Parameters<NonNullable<NonNullable<Parameters<Init>[1]['preRun']>[number]>>[0];

/** The part of Emscripten's file layer that is missing a sync, and the file it is called for. */
interface FileLayer {
  readonly filesystems: { readonly NODEFS: { readonly stream_ops: Record<string, unknown> } };
}

/** PGlite's file layer as delivered never syncs. This one does, so that a commit survives a power loss. */
export class SyncFS extends NodeFS {
  #syncs = 0;

  /** Syncs so far. */
  get syncs(): number {
    return this.#syncs;
  }

  override async init(...[pg, options]: Parameters<Init>): ReturnType<Init> {
    const made = await super.init(pg, options);
    const preRun = (module: Module): void => {
      const { NODEFS } = (module as unknown as { FS: FileLayer }).FS.filesystems;
      NODEFS.stream_ops['fsync'] = (file: { nfd: number }): number => {
        fdatasyncSync(file.nfd);
        this.#syncs += 1;
        return 0;
      };
    };
    const before = made.emscriptenOpts.preRun ?? [];
    return { emscriptenOpts: { ...made.emscriptenOpts, preRun: [...before, preRun] } };
  }
}
