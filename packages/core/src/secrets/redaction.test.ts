import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodings } from './encodings.ts';
import { Redaction } from './redaction.ts';

const value = 'p@ss/w"örd\\1 <&>';
const of = (...values: string[]): Redaction => {
  const redaction = new Redaction();
  values.forEach((one, index) => redaction.add('t', `s${index}`, one));
  return redaction;
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('redaction', () => {
  it.each([
    ['plain', value],
    ['in JSON', JSON.stringify({ a: value })],
    ['in JSON in JSON', JSON.stringify({ a: JSON.stringify({ b: value }) })],
    ['in ASCII JSON', '"p@ss/w\\"\\u00f6rd\\\\1 <&>"'],
    ['in a URL', `https://x.test/?q=${encodeURIComponent(value)}&b=1`],
    ['in a URL in lower case', `?q=${encodeURIComponent(value).replaceAll(/%../g, (code) => code.toLowerCase())}`],
    ['in a form', new URLSearchParams({ q: value }).toString()],
    ['in HTML', '<b>p@ss/w&quot;örd\\1 &lt;&amp;&gt;</b>'],
    ['in base64', base64(value)],
    ['in base64url', Buffer.from(value).toString('base64url')],
    ['in hexadecimal', Buffer.from(value).toString('hex').toUpperCase()],
  ])('finds a value %s', (_what, text) => {
    const redacted = of(value).text('t', `before ${text} after`);
    expect(redacted).toMatch(/^before .*\[secret:s0\].* after$/);
    for (const form of encodings(value)) expect(redacted).not.toContain(form);
  });

  it.each(['', 'u', 'us', 'user:', 'other:'])('finds a value behind "%s" in base64', (before) => {
    const redaction = of('correct-horse-battery');
    for (const after of ['', 'x', 'xy']) {
      const redacted = redaction.text('t', base64(`${before}correct-horse-battery${after}`));
      expect(redacted).toContain('[secret:s0]');
      expect(redacted.replace('[secret:s0]', '').length).toBeLessThan(14);
    }
  });

  it('finds the lines of a key', () => {
    const lines = ['MIIEvQIBADANBgkqhkiG9w0B', 'AQEFAASCBKcwggSjAgEAAoIB'];
    const pem = `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
    const quoted = lines.map((line) => `> ${line}`).join('\n');
    expect(of(pem).text('t', `-----BEGIN PRIVATE KEY-----\n${quoted}`)).toBe(
      '-----BEGIN PRIVATE KEY-----\n> [secret:s0]\n> [secret:s0]',
    );
  });

  it('looks for values of that tenant only, and in log lines for all', () => {
    const redaction = of('correct-horse');
    expect(redaction.text('other', 'correct-horse')).toBe('correct-horse');
    expect(redaction.line('{"msg":"correct-horse"}\n')).toBe('{"msg":"[secret:s0]"}\n');
    expect(redaction.line('{"msg":"x"}\n')).toBe('{"msg":"x"}\n');
  });

  it('takes what is secret for all out of the texts of every tenant, before and after it was told', () => {
    const redaction = of('sk-model');
    redaction.addForAll('model-key:default', 'sk-model-0123456789');
    redaction.add('later', 's', 'second-value');
    const said = 'sk-model-0123456789 sk-model second-value';
    // The longer one first, or the rest of it would be left.
    expect(redaction.text('t', said)).toBe('[secret:model-key:default] [secret:s0] second-value');
    expect(redaction.text('later', said)).toBe('[secret:model-key:default] sk-model [secret:s]');
    expect(redaction.text('none', said)).toBe('[secret:model-key:default] sk-model second-value');
    expect(redaction.json('none', ['sk-model-0123456789'])).toEqual(['[secret:model-key:default]']);
    const bytes = new TextEncoder().encode('sk-model-0123456789');
    expect(new TextDecoder().decode(redaction.bytes('none', bytes))).toBe('[secret:model-key:default]');
    expect(redaction.line('{"msg":"sk-model-0123456789"}\n')).toBe('{"msg":"[secret:model-key:default]"}\n');
  });

  it('leaves words alone that servers on one’s own machine take for a key', () => {
    const redaction = new Redaction();
    redaction.addForAll('model-key:default', 'ollama');
    expect(redaction.text('t', 'ollama')).toBe('ollama');
  });

  it('leaves a log line JSON, whatever the value looks like', () => {
    const redaction = of('":"a', '"msg', '1234', 'null');
    const line = '{"level":"info","ms":1234,"nothing":null,"msg":"a 1234"}\n';
    expect(JSON.parse(redaction.line(line))).toEqual({
      level: 'info',
      ms: '[secret:s2]',
      nothing: null,
      msg: 'a [secret:s2]',
    });
  });

  it('replaces in data: texts, numbers and keys', () => {
    expect(of('12345678').json('t', { a: [12345678, 'x12345678'], 12345678: true, b: null })).toEqual({
      a: ['[secret:s0]', 'x[secret:s0]'],
      '[secret:s0]': true,
      b: null,
    });
  });

  it('replaces in files, text or not', () => {
    const bytes = (text: string) => Uint8Array.from([0, 255, 128, ...new TextEncoder().encode(text), 129, 10]);
    expect(of(value).bytes('t', bytes(`ä${value}`))).toEqual(bytes('ä[secret:s0]'));
    const none = bytes('nothing');
    expect(of(value).bytes('t', none)).toBe(none);
    expect(of(value).bytes('other', bytes(value))).toEqual(bytes(value));
  });

  it('takes the longer of two values, and knows old ones on', () => {
    const redaction = of('abcd', 'abcdefgh');
    redaction.add('t', 's1', 'second-value');
    expect(redaction.text('t', 'abcdefgh abcd second-value')).toBe('[secret:s1] [secret:s0] [secret:s1]');
  });

  it('whatever the value and its surroundings, no form of it is left, and nothing else is lost', () => {
    const around = fc.string({ unit: fc.constantFrom('x', ' ', '"', '\n', 'ö'), maxLength: 8 });
    const secret = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 40 }).filter((text) => text.length >= 4);
    fc.assert(
      fc.property(secret, around, around, fc.nat(), (text, before, after, which) => {
        const forms = encodings(text);
        const form = forms[which % forms.length] ?? text;
        const redacted = of(text).text('t', `${before}${form}${after}`);
        expect(redacted).toContain('[secret:s0]');
        expect(of(text).text('t', redacted)).toBe(redacted);
      }),
    );
  });
});
