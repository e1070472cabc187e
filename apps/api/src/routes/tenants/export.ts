import { exportTenantQuery } from '@holdfast/contracts';
import { exportTenant, noteExport } from '@holdfast/core';
import { noBody, platformRoute } from '../../http/route.ts';
import { tenantParams } from './tenant-route.ts';

const type = 'application/jsonl';

export const exportAll = platformRoute({
  method: 'GET',
  url: '/v1/tenants/:tenant/export',
  operation: 'tenants.export',
  params: tenantParams,
  query: exportTenantQuery,
  body: noBody,
  tag: 'Platform',
  summary: 'Export a tenant',
  description:
    'All of it as JSON Lines, without what lets anybody in; the last line has the SHA-256 of all before it, and without it the file was cut. `holdfast tenants verify-export` proves it. Suspend the tenant first to have a snapshot.',
  answers: { 200: { description: 'The lines, as they are read.', media: { [type]: 'One JSON object a line.' } } },
  refusals: ['tenant_not_found'],
  handle: async (ports, { who, params: { tenant }, query: { files } }) => {
    await noteExport(ports, who, tenant, files);
    return {
      status: 200,
      stream: ended(exportTenant({ ...ports, toolServers: ports.registry.store }, tenant, { files })),
      headers: {
        'content-type': type,
        'content-disposition': `attachment; filename="tenant-${tenant}.jsonl"`,
        'cache-control': 'no-store',
      },
    };
  },
});

async function* ended(lines: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  for await (const line of lines) yield `${line}\n`;
}
