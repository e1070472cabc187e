/** What main.ts prints before it gives up: one line per problem, no stack. Null = nothing a person can set right. */
export function startupFailure(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  if (code === 'EADDRINUSE' || code === 'EACCES') return portFailure(error, code);
  if (code === null || !/^[a-z][a-z_]+$/.test(code)) return null;
  return error.message
    .split('\n')
    .map((line) => `holdfast: ${line} (${code})`)
    .join('\n');
}

function portFailure(error: Error, code: string): string | null {
  if (!('port' in error) || (typeof error.port !== 'number' && typeof error.port !== 'string')) return null;
  return code === 'EADDRINUSE'
    ? `holdfast: Another process listens on port ${error.port}. End it, or set PORT to another one. (port_in_use)`
    : `holdfast: This user may not listen on port ${error.port}. Set PORT to one above 1023. (port_in_use)`;
}
