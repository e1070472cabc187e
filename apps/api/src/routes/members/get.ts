import { memberResource } from '@holdfast/contracts';
import { memberSettingsOf, noMember } from '@holdfast/core';
import { z } from 'zod';
import { etagOf } from '../../http/etag.ts';
import { noBody, nothing, route } from '../../http/route.ts';
import { memberResourceOf } from '../../resources/member.ts';

export const memberParams = z.strictObject({ member: z.uuid().transform((id) => id.toLowerCase()) });

export const get = route({
  method: 'GET',
  url: '/v1/members/:member',
  operation: 'members.get',
  params: memberParams,
  query: nothing,
  body: noBody,
  tag: 'Administration',
  summary: 'Get a member',
  answers: {
    200: { description: 'The member.', json: memberResource, headers: { ETag: 'For `If-Match` of a change.' } },
  },
  refusals: ['member_not_found'],
  handle: async ({ members }, { caller, params: { member: id } }) => {
    const member = await members.get(caller, id);
    if (member === null) throw noMember(id);
    return { status: 200, json: memberResourceOf(member), headers: { etag: etagOf(memberSettingsOf(member)) } };
  },
});
