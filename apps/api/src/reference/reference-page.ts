import { type ErrorCode, errorCodes } from '@holdfast/contracts';
import { permissions } from '@holdfast/core';
import { type Route, type Tag, tags } from '../http/route.ts';
import { html, type Html, page, prose } from './html.ts';
import { type OpenApiDocument, operationIdOf, pathOf } from './open-api.ts';
import { refusalsOf } from './refusals.ts';
import { type Schema, schemaText } from './schema-text.ts';

interface Operation {
  readonly parameters?: readonly {
    in: string;
    name: string;
    required?: boolean;
    description?: string;
    schema: Schema;
  }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>;

/** The document for people, on one page without scripts. */
export function referencePage(routes: readonly Route[], document: OpenApiDocument): string {
  const groups = (Object.keys(tags) as Tag[])
    .map((tag) => ({ tag, routes: routes.filter((route) => route.tag === tag) }))
    .filter((group) => group.routes.length > 0);
  const schemas = Object.entries(document.components?.schemas ?? {}) as [string, Schema][];
  return page(
    'Holdfast API',
    html`<nav>
<p><a href="#top"><b>Holdfast API</b></a></p>
${groups.map(navigation)}
<p><a href="#schemas">Schemas</a></p>
</nav>
<main>
<h1 id="top">Holdfast API</h1>
<p>${prose(document.info.description ?? '')}</p>
<p>Send <code>Authorization: Bearer hf_…</code> with each request. The same as data: <a href="/openapi.json">openapi.json</a> (OpenAPI ${document.openapi}).</p>
${groups.map(
  (group) => html`<h2 id="tag-${group.tag}">${group.tag}</h2>
<p>${tags[group.tag]}</p>
${group.routes.map((route) => section(route, document))}`,
)}
<h2 id="schemas">Schemas</h2>
${schemas.map(
  ([name, schema]) => html`<section id="schema-${name}"><h3>${name}</h3>
${schema.description === undefined ? '' : html`<p>${prose(schema.description)}</p>`}
<pre>${schemaText(schema)}</pre></section>
`,
)}
</main>`,
  );
}

const navigation = ({ tag, routes }: { tag: Tag; routes: readonly Route[] }): Html =>
  html`<p><a href="#tag-${tag}">${tag}</a></p><ul>${routes.map(
    (route) => html`<li><a href="#${operationIdOf(route)}">${route.summary}</a></li>`,
  )}</ul>
`;

function section(route: Route, document: OpenApiDocument): Html {
  const operation = operationAt(document, route);
  return html`<section id="${operationIdOf(route)}">
<h3>${route.summary}</h3>
<p class="line"><code class="${route.method.toLowerCase()}">${route.method}</code> <code>${pathOf(route)}</code></p>
${route.description === undefined ? '' : html`<p>${prose(route.description)}</p>`}
<p class="role">${whoMay(route)}</p>
${parameters(operation)}${body(operation, document)}${answers(route, operation)}${problems(refusalsOf(route))}</section>
`;
}

function whoMay(route: Route): Html | string {
  if (route.within === 'platform') return 'Platform admins, by their token.';
  if (route.operation === null) return 'Open to everybody.';
  return html`Roles: ${permissions[route.operation].join(', ')}, and those that include them.`;
}

/** What was just built by `openApiDocument`, so its shape is known. */
const operationAt = (document: OpenApiDocument, route: Route): Operation =>
  document.paths?.[pathOf(route)]?.[route.method.toLowerCase() as 'get'] as unknown as Operation;

const parameters = ({ parameters: list = [] }: Operation): Html | string =>
  list.length === 0
    ? ''
    : html`<table><tr><th>Parameter</th><th>In</th><th>Type</th><th>Meaning</th></tr>
${list.map(
  ({ name, in: place, required, schema, description }) =>
    html`<tr><td><code>${name}</code>${required === true ? '' : '?'}</td><td>${place}</td><td>${schemaText(schema)}</td><td>${prose(description ?? '')}</td></tr>
`,
)}</table>
`;

function body({ requestBody }: Operation, document: OpenApiDocument): Html | string {
  if (requestBody === undefined) return '';
  const [first] = Object.values(requestBody.content);
  const types = Object.keys(requestBody.content).join(', ');
  return html`<h4>Body <small>${types}${requestBody.required === true ? '' : '; may be left out'}</small></h4>
<pre>${schemaText(resolved(first?.schema ?? {}, document))}</pre>
`;
}

/** A body is told of where it is sent. */
const resolved = (schema: Schema, { components }: OpenApiDocument): Schema =>
  schema.$ref === undefined
    ? schema
    : ((components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''] ?? schema) as Schema);

const answers = (route: Route, { responses }: Operation): Html[] =>
  Object.keys(route.answers).map((status) => {
    const answer = responses[status];
    const content = Object.entries(answer?.content ?? {});
    return html`<h4>${status} <small>${answer?.description ?? ''}</small></h4>
${content.map(([type, { schema }]) =>
  type === 'application/json'
    ? html`<pre>${schemaText(schema)}</pre>
`
    : html`<p><code>${type}</code>: ${prose(schema.description ?? '')}</p>
`,
)}`;
  });

const problems = (codes: readonly ErrorCode[]): Html =>
  html`<details><summary>Problems</summary><ul>${codes
    .toSorted((left, right) => errorCodes[left].status - errorCodes[right].status)
    .map(
      (code) =>
        html`<li>${errorCodes[code].status} <a href="/errors/${code}"><code>${code}</code></a> ${errorCodes[code].title}</li>`,
    )}</ul></details>
`;
