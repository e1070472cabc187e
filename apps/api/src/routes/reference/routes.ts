import { isErrorCode } from '@holdfast/contracts';
import { refused } from '@holdfast/core';
import { z } from 'zod';
import { noBody, nothing, type Route, route } from '../../http/route.ts';
import { errorPage } from '../../reference/error-page.ts';
import { pageHeaders } from '../../reference/html.ts';
import { openApiDocument } from '../../reference/open-api.ts';
import { referencePage } from '../../reference/reference-page.ts';
import { icon, style } from '../../reference/style.ts';

/** The document of these routes, as data and as pages; made once. */
export function referenceRoutes(routes: readonly Route[]): readonly Route[] {
  const document = openApiDocument(routes);
  const json = JSON.stringify(document);
  const reference = referencePage(routes, document);
  const open = { method: 'GET', operation: null, query: nothing, body: noBody, tag: 'Health' } as const;
  const page = { description: 'A page.', media: { 'text/html': 'For people.' } };
  return [
    route({
      ...open,
      url: '/openapi.json',
      params: nothing,
      summary: 'Get this document',
      answers: { 200: { description: 'The OpenAPI document.', media: { 'application/json': 'OpenAPI 3.1.' } } },
      handle: () =>
        Promise.resolve({
          status: 200,
          text: json,
          headers: { 'content-type': 'application/json; charset=utf-8', 'access-control-allow-origin': '*' },
        }),
    }),
    route({
      ...open,
      url: '/reference',
      params: nothing,
      summary: 'Read the reference',
      answers: { 200: page },
      handle: () => Promise.resolve({ status: 200, text: reference, headers: pageHeaders }),
    }),
    route({
      ...open,
      url: '/reference/style.css',
      params: nothing,
      summary: 'Get the style of the pages',
      answers: { 200: { description: 'The style.', media: { 'text/css': 'CSS.' } } },
      handle: () =>
        Promise.resolve({
          status: 200,
          text: style,
          headers: { ...pageHeaders, 'content-type': 'text/css; charset=utf-8' },
        }),
    }),
    route({
      ...open,
      url: '/reference/icon.svg',
      params: nothing,
      summary: 'Get the icon of the pages',
      answers: { 200: { description: 'The icon.', media: { 'image/svg+xml': 'SVG.' } } },
      handle: () =>
        Promise.resolve({ status: 200, text: icon, headers: { ...pageHeaders, 'content-type': 'image/svg+xml' } }),
    }),
    route({
      ...open,
      url: '/errors/:code',
      params: z.strictObject({ code: z.string() }),
      summary: 'Read about an error code',
      answers: { 200: page },
      refusals: ['route_not_found'],
      handle: (_ports, { params: { code } }) => {
        if (!isErrorCode(code)) throw refused('route_not_found', `There is no error code ${code}.`);
        return Promise.resolve({ status: 200, text: errorPage(code), headers: pageHeaders });
      },
    }),
  ];
}
