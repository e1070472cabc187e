export { effectiveRoles, mayDo, type Operation, permissions } from './permissions.ts';
