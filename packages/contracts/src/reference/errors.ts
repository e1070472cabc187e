import { errorCodes, runFailureCodes, startupCodes } from '../error/error-codes.ts';
import { remedies } from '../error/remedies.ts';
import { GENERATED, page } from './markdown.ts';

export function errorsPage(): string {
  const plain = (codes: Readonly<Record<string, string>>): string[] =>
    Object.entries(codes).map(([code, meaning]) => section(code, meaning));
  return page([
    GENERATED,
    '# Troubleshooting by error code',
    'Every error of the API is a problem document (RFC 9457, `application/problem+json`) with a stable `code`. Decide by the code; `title` and `detail` are for people. Where places in the request are wrong, `errors` lists each with `path`, `message` and, where it helps, `expected`. The server explains each code at `/errors/<code>`; the command line prints it in brackets. Where to look when there is no code: [troubleshooting](../troubleshooting.md).',
    '## Answers of the API',
    ...Object.entries(errorCodes).map(([code, { status, title, description }]) =>
      section(code, `${status} ${title}. ${description}`),
    ),
    '## Failed runs',
    'The `code` of `run.failed`.',
    ...plain(runFailureCodes),
    '## Failed starts',
    'Printed by a process that cannot start, which then ends with status 1.',
    ...plain(startupCodes),
  ]);
}

/** `code` is one of the three tables, of which the remedies have all. */
function section(code: string, what: string): string {
  const remedy = Object.entries(remedies).find(([known]) => known === code)?.[1];
  if (remedy === undefined) throw new Error(`nothing is said to do about ${code}`);
  return `### ${code}\n\n${what}\n\n**What to do:** ${remedy}`;
}
