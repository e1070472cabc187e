import { describe, expect, it } from 'vitest';
import { readableHtml } from './readable-html.ts';

describe('readableHtml', () => {
  it('keeps the words, the blocks and the links', () => {
    const html = `<!doctype html><html><head><title>Tea &amp; more</title><style>p { color: red }</style>
      <script>if (a < b) alert("</p>")</script></head>
      <body><!-- <p>not this</p> --><h1>Tea</h1><p>Hot&nbsp;and
      <b>strong</b>.</p><ul><li>Assam<li><a class="x" href="https://tea.test/?a=1">Darjeeling</a></ul>
      <table><tr><td>1</td><td>2</td></tr></table>&#8364;&#x20ac;&unknown;</body></html>`;
    expect(readableHtml(html)).toBe(
      'Tea & more\n\nTea\n\nHot and strong.\n\n- Assam\n- Darjeeling (https://tea.test/?a=1)\n\n1 | 2 |\n\n€€&unknown;',
    );
  });

  it.each(['<', '<!--', '<script', '<script>', '<a href=http://x>', '<p', '&', '<td>'])(
    'reads a million of %s in a moment',
    (piece) => {
      const began = performance.now();
      readableHtml(piece.repeat(300_000));
      expect(performance.now() - began).toBeLessThan(2_000);
    },
  );
});
