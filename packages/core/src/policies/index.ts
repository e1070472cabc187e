export { effectiveRoles, mayDo, mayGive, type Operation, permissions, rolesFor } from './permissions.ts';
