import { type ErrorCode, errorCodes, remedies } from '@holdfast/contracts';
import { html, page, prose } from './html.ts';

/** What the `type` of a problem document leads to. */
export function errorPage(code: ErrorCode): string {
  const { status, title, description } = errorCodes[code];
  return page(
    `${title} (${code})`,
    html`<main>
<h1>${title}</h1>
<p class="line"><code>${status}</code> <code>${code}</code></p>
<p>${prose(description)}</p>
<h2>What to do</h2>
<p>${prose(remedies[code])}</p>
<p><a href="/reference">API reference</a></p>
</main>`,
  );
}
