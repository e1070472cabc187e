import { expect, it } from 'vitest';
import { whyForeign } from './foreign-request.ts';

const here = 'https://holdfast.example';
const header = { 'x-holdfast-csrf': '1' };

it.each([
  ['GET', {}, false, true],
  ['HEAD', { origin: 'https://evil.example' }, false, true],
  ['POST', header, false, true],
  ['DELETE', { ...header, origin: here, 'sec-fetch-site': 'same-origin' }, false, true],
  ['POST', {}, false, false],
  ['POST', { origin: here }, false, false],
  ['PUT', { 'sec-fetch-site': 'same-origin' }, false, false],
  ['POST', { ...header, origin: 'https://evil.example' }, false, false],
  ['POST', { ...header, origin: 'null' }, false, false],
  ['POST', { ...header, origin: 'http://holdfast.example' }, false, false],
  ['POST', { ...header, origin: `${here}.evil.example` }, false, false],
  ['POST', { ...header, 'sec-fetch-site': 'cross-site' }, false, false],
  ['POST', { ...header, 'sec-fetch-site': 'same-site' }, false, false],
  ['POST', { ...header, 'sec-fetch-site': 'none' }, false, false],
  ['POST', { origin: here }, true, true],
  ['POST', { 'sec-fetch-site': 'same-origin' }, true, true],
  // As Chromium sends a form of a page whose referrer policy is `no-referrer`, which is that of ours.
  ['POST', { origin: 'null', 'sec-fetch-site': 'same-origin' }, true, true],
  ['POST', { origin: 'null', 'sec-fetch-site': 'same-site' }, true, false],
  ['POST', { origin: 'null' }, true, false],
  ['POST', {}, true, false],
  ['POST', { origin: 'https://evil.example' }, true, false],
])('%s with %j (a form: %s) is from here: %s', (method, headers, form, own) => {
  expect(whyForeign(method, headers, here, form) === null).toBe(own);
});
