export type { LoginBegun, LoginProvider, LoginTokens } from './login-provider.ts';
export { LoginEnded, LoginRefused } from './login-provider.ts';
export { returnPath } from './return-path.ts';
export { type SessionPorts, Sessions, type SessionRequest } from './sessions.ts';
export type { SessionStore, SessionTokens, StoredSession } from './session-store.ts';
