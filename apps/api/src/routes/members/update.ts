import { memberResource, updateMemberBody } from '@holdfast/contracts';
import { memberSettingsOf, updateMember } from '@holdfast/core';
import { etagOf, ifMatch, ifMatchOf, stale } from '../../http/etag.ts';
import { nothing, route } from '../../http/route.ts';
import { memberResourceOf } from '../../resources/member.ts';
import { memberParams } from './get.ts';

export const update = route({
  method: 'PUT',
  url: '/v1/members/:member',
  operation: 'members.update',
  params: memberParams,
  query: nothing,
  body: updateMemberBody,
  tag: 'Administration',
  summary: "Set a member's roles, and whether they are let in",
  description:
    'Sets what is given here; roles that tokens bring are the issuer’s. The last who can administer the tenant stays: another member with the role here, or an admin key that is good.',
  headers: { 'If-Match': ifMatchOf('It changes only when this is the ETag of what holds; `*`: always.') },
  answers: {
    200: { description: 'The member.', json: memberResource, headers: { ETag: 'Names what holds from now on.' } },
  },
  refusals: ['invalid_request', 'member_not_found', 'last_admin', 'etag_mismatch'],
  audit: ({ body: { roles, disabled } }) => ({ detail: { roles, disabled } }),
  handle: ({ clock }, { caller, params: { member: id }, body, request, change }) => {
    const permits = ifMatch(request);
    return change(async ({ members }) => {
      const member = await updateMember(members, caller, id, body, clock.now(), permits);
      if (member === null) throw stale(`The member ${id}`);
      return { status: 200, json: memberResourceOf(member), headers: { etag: etagOf(memberSettingsOf(member)) } };
    });
  },
});
