export { effectiveRoles, mayDo, mayGive, type Operation, permissions } from './permissions.ts';
