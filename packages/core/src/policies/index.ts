export {
  effectiveRoles,
  isPlatformOperation,
  mayDo,
  mayGive,
  type Operation,
  permissions,
  type PlatformOperation,
  platformPermissions,
  rolesFor,
} from './permissions.ts';
