import type { ArtifactStore, Outbound, ToolOutcome, ToolRequest, Tools } from '@holdfast/core';
import { z } from 'zod';
import { contentOf, textIn } from './read-reply.ts';
import { readableHtml } from './readable-html.ts';

const MAX_BYTES = 4 * 1024 * 1024;

const fetchArguments = z.strictObject({ url: z.string().max(8_000), raw: z.boolean().default(false) });

/** The builtin `http.fetch`: GET, of the public internet. An address that cannot be called is the model's to correct. */
export function httpFetch({
  outbound,
  artifacts,
}: {
  outbound: Outbound;
  artifacts: Pick<ArtifactStore, 'put'>;
}): Tools {
  return {
    async call({ ref, tool, arguments: args, mayBegin }: ToolRequest, signal: AbortSignal): Promise<ToolOutcome> {
      const parsed = fetchArguments.safeParse(args);
      if (!parsed.success) return problem(z.prettifyError(parsed.error));
      const { url, raw } = parsed.data;
      const outcome = await outbound.send(
        { method: 'GET', url, headers: { accept: '*/*' }, redirects: 'any', maxBytes: MAX_BYTES, mayBegin },
        signal,
      );
      if (outcome.type === 'no-answer') return outcome;
      if (outcome.type === 'not-sent') {
        const isWrong = outcome.why === 'refused' || outcome.why === 'unknown-name';
        return isWrong ? problem(outcome.message) : { type: 'not-sent', message: outcome.message };
      }
      const { reply } = outcome;
      if (reply.status === 502 || reply.status === 504) return { type: 'no-answer', message: `HTTP ${reply.status}` };
      const isHtml = /^(text\/html|application\/xhtml\+xml)/i.test(reply.headers['content-type'] ?? '');
      const page = isHtml && !raw ? textIn(reply) : null;
      const shown =
        page === null
          ? reply
          : {
              ...reply,
              body: new TextEncoder().encode(readableHtml(page)),
              headers: { ...reply.headers, 'content-type': 'text/plain; charset=utf-8' },
            };
      const read = await contentOf(artifacts, ref, tool.name, shown);
      return { type: 'answered', ...read, isError: reply.status >= 400 };
    },
  };
}

const problem = (message: string): ToolOutcome => ({
  type: 'answered',
  content: [{ type: 'text', text: message }],
  isError: true,
});
