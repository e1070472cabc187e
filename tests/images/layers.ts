import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** An image as `docker save` writes it, unpacked layer by layer: what a later layer hides is there, too. */
export interface UnpackedImage {
  readonly layers: readonly {
    readonly digest: string;
    readonly bytes: number;
    readonly packedBytes: number;
    readonly files: readonly File[];
  }[];
  readonly config: z.output<typeof configSchema>;
  /** The configuration as it is written, with the history of its commands. */
  readonly configText: string;
}

export interface File {
  /** In the image: begins with a slash. */
  readonly path: string;
  /** On this machine. */
  readonly at: string;
  readonly mode: number;
  readonly uid: number;
  readonly isFile: boolean;
}

const manifestSchema = z.array(z.object({ Config: z.string(), Layers: z.array(z.string()) })).length(1);
const configSchema = z.object({
  config: z.object({
    User: z.string(),
    Healthcheck: z.object({ Test: z.array(z.string()) }),
  }),
});

/** Into an empty folder, as root: owners and modes are kept. */
export function unpackImage(image: string, folder: string): UnpackedImage {
  const saved = join(folder, 'saved');
  mkdirSync(saved);
  execFileSync('sh', ['-c', 'docker save "$1" | tar -x -C "$2"', 'sh', image, saved]);
  const [manifest] = manifestSchema.parse(JSON.parse(readFileSync(join(saved, 'manifest.json'), 'utf8')));
  if (manifest === undefined) throw new Error(`${image}: docker save wrote no manifest`);
  const configText = readFileSync(join(saved, manifest.Config), 'utf8');
  const config = configSchema.parse(JSON.parse(configText));
  const layers = manifest.Layers.map((layer, index) => {
    const tar = join(saved, layer);
    const into = join(folder, `layer-${index}`);
    mkdirSync(into);
    execFileSync('tar', ['-x', '-p', '--numeric-owner', '-C', into, '-f', tar]);
    return {
      digest: `sha256:${createHash('sha256').update(readFileSync(tar)).digest('hex')}`,
      bytes: lstatSync(tar).size,
      packedBytes: Number(execFileSync('sh', ['-c', 'gzip -c "$1" | wc -c', 'sh', tar], { encoding: 'utf8' })),
      files: filesOf(into),
    };
  });
  return { layers, config, configText };
}

/** Node's own recursive listing would follow links out of the folder. */
function filesOf(folder: string, path = ''): File[] {
  return readdirSync(join(folder, path), { withFileTypes: true }).flatMap((entry) => {
    const inside = `${path}/${entry.name}`;
    const at = join(folder, inside);
    const { mode, uid } = lstatSync(at);
    const file = { path: inside, at, mode, uid, isFile: entry.isFile() };
    return entry.isDirectory() ? [file, ...filesOf(folder, inside)] : [file];
  });
}
