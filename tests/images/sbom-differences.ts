import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { UnpackedImage } from './layers.ts';

const bomSchema = z.object({
  bomFormat: z.literal('CycloneDX'),
  components: z.array(z.object({ name: z.string(), purl: z.string() })),
});
const packageSchema = z.object({ name: z.string(), version: z.string() });

/** npm's packages that are in the image and not in its list, or the other way round. */
export function sbomDifferences(image: UnpackedImage): string[] {
  const files = image.layers.flatMap((layer) => layer.files);
  const bom = files.find(({ path }) => path === '/app/sbom.cdx.json');
  if (bom === undefined) return ['there is no /app/sbom.cdx.json'];
  const listed = new Set(
    bomSchema
      .parse(JSON.parse(readFileSync(bom.at, 'utf8')))
      .components.filter(({ purl }) => purl.startsWith('pkg:npm/'))
      .map(({ purl }) => decodeURIComponent(purl.slice('pkg:npm/'.length).replace(/\?.*/, ''))),
  );
  const present = new Set(
    files
      .filter(({ path }) =>
        /\/(node_modules\/(@[^/]+\/)?[^/@]+|packages\/[^/]+|apps\/[^/]+)\/package\.json$/.test(path),
      )
      .filter(({ isFile }) => isFile)
      .map(({ at }) => packageSchema.safeParse(JSON.parse(readFileSync(at, 'utf8'))))
      .flatMap(({ data }) => (data === undefined ? [] : [`${data.name}@${data.version}`])),
  );
  return [
    ...[...present].filter((name) => !listed.has(name)).map((name) => `${name} is in the image and not in its SBOM`),
    ...[...listed].filter((name) => !present.has(name)).map((name) => `${name} is in the SBOM and not in the image`),
  ];
}
