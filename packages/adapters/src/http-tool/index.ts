export { ATTEMPT_HEADER, HttpTools, type HttpToolsPorts, KEY_HEADER } from './http-tools.ts';
export { httpFetch } from './http-fetch.ts';
