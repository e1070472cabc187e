export { buildApp } from './app.ts';
export type { ApiPorts } from './ports.ts';
export { routes } from './routes/routes.ts';
export { openApiDocument, pathOf } from './reference/open-api.ts';
export { refusalsOf } from './reference/refusals.ts';
export type { Route } from './http/route.ts';
export { encodeEvent } from './sse/sse-listener.ts';
export { type Api, type ApiOverrides, wireApi, listeningUrl } from './wiring.ts';
