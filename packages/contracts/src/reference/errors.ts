import { errorCodes, runFailureCodes, startupCodes } from '../error/error-codes.ts';
import { GENERATED, page, table } from './markdown.ts';

export function errorsPage(): string {
  const plain = (codes: Readonly<Record<string, string>>): string =>
    table(
      ['Code', 'Meaning'],
      Object.entries(codes).map(([code, meaning]) => [`\`${code}\``, meaning]),
    );
  return page([
    GENERATED,
    '# Errors',
    'Every error of the API is a problem document (RFC 9457, `application/problem+json`) with a stable `code`. Decide by the code; `title` and `detail` are for people. Where places in the request are wrong, `errors` lists each with `path`, `message` and, where it helps, `expected`.',
    '## Answers of the API',
    table(
      ['Code', 'Status', 'Title', 'Meaning'],
      Object.entries(errorCodes).map(([code, { status, title, description }]) => [
        `<a id="${code}"></a>\`${code}\``,
        String(status),
        title,
        description,
      ]),
    ),
    '## Failed runs',
    'The `code` of `run.failed`.',
    plain(runFailureCodes),
    '## Failed starts',
    'Printed by a process that cannot start, which then ends with status 1.',
    plain(startupCodes),
  ]);
}
