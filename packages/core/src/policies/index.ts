export {
  effectiveRoles,
  isPlatformOperation,
  mayDo,
  mayGive,
  type Operation,
  permissions,
  platformPermissions,
  rolesFor,
} from './permissions.ts';
