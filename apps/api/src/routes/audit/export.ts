import { exportAuditQuery } from '@holdfast/contracts';
import { exportAudit } from '@holdfast/core';
import { noBody, nothing, route } from '../../http/route.ts';

const type = 'application/jsonl';

export const exportLog = route({
  method: 'GET',
  url: '/v1/audit/export',
  operation: 'audit.export',
  params: nothing,
  query: exportAuditQuery,
  body: noBody,
  tag: 'Administration',
  summary: 'Export the audit log',
  description:
    'The chain as JSON Lines, oldest first: a line that says where it begins, all lines, and a line with the head; without that one the file was cut. `holdfast audit verify --file` proves it offline, also long after lines were removed here. Keep the file byte for byte: the hashes cover the text of each line as it is.',
  answers: { 200: { description: 'The lines, as they are read.', media: { [type]: 'One JSON object a line.' } } },
  audit: true,
  handle: ({ audit }, { caller, query: { after } }) =>
    Promise.resolve({
      status: 200,
      stream: exportAudit(audit, caller, after),
      headers: {
        'content-type': type,
        'content-disposition': 'attachment; filename="audit.jsonl"',
        'cache-control': 'no-store',
      },
    }),
});
