import type { RequestedCall } from '@holdfast/contracts';

/** Of a call's id and of its tool's name, characters, as the event's schema says. */
const MAX_NAME = 200;
/** Deeper values overflow the stack of whoever writes or reads them. */
const MAX_DEPTH = 200;

/**
 * The call as the log can keep it. Arguments that would be others once read back (1e400, `__proto__`), or that have no
 * canonical form to hash (half an emoji), are as invalid as arguments that are no object.
 */
export function keepable(call: RequestedCall): RequestedCall {
  const { id, name } = call;
  if (id.length > MAX_NAME || name.length > MAX_NAME)
    return keepable({ ...call, id: id.slice(0, MAX_NAME), name: name.slice(0, MAX_NAME) });
  if (call.invalid !== undefined || isKept(call.arguments)) return call;
  return { ...call, arguments: {}, invalid: 'arguments that cannot be kept exactly' };
}

/** Whether the log gives the value back as it is. */
export function isKept(value: unknown, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false;
  if (typeof value === 'string') return !/\p{Surrogate}/u.test(value);
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.every((item) => isKept(item, depth + 1));
  return Object.entries(value).every(
    ([key, item]) => key !== '__proto__' && isKept(key, depth + 1) && isKept(item, depth + 1),
  );
}
