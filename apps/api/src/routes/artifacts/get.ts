import { digest } from '@holdfast/contracts';
import { readArtifact } from '@holdfast/core';
import { noBody, nothing, route, runParams } from '../../http/route.ts';

/** The bytes. They came from a model or a tool, so no browser may run them as a page of this origin. */
export const get = route({
  method: 'GET',
  url: '/v1/runs/:run/artifacts/:digest',
  operation: 'artifacts.get',
  params: runParams.extend({ digest }),
  query: nothing,
  body: noBody,
  tag: 'Artifacts',
  summary: 'Get a file',
  answers: {
    200: {
      description:
        'The bytes, as an attachment. Should they no longer be those of the digest, the answer breaks off before its end.',
      media: { '*/*': 'The media type that the file was written with.' },
    },
  },
  refusals: ['run_not_found', 'artifact_not_found', 'artifacts_unavailable', 'artifacts_busy'],
  audit: true,
  handle: async (ports, { caller, params }) => {
    const { row, bytes } = await readArtifact(ports, { tenant: caller.tenant, run: params.run }, params.digest);
    return {
      status: 200,
      ...(bytes instanceof Uint8Array ? { bytes } : { stream: bytes }),
      headers: {
        'content-length': String(row.size),
        'content-type': headerSafe.test(row.mediaType) ? row.mediaType : 'application/octet-stream',
        'content-disposition': `attachment; filename*=UTF-8''${fileName(row.name ?? row.digest)}`,
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        'cache-control': 'private, max-age=31536000, immutable',
        etag: `"${row.digest}"`,
      },
    };
  },
});

const headerSafe = /^[\w.+-]+\/[\w.+-]+(; *[\w.+-]+=[\w.+-]+)*$/;

/** RFC 8187: percent-encoded UTF-8, and no path. */
const fileName = (name: string): string =>
  encodeURIComponent(name.replace(/[/\\]/g, '_')).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
