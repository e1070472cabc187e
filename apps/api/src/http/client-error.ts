import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { HoldfastError } from '@holdfast/contracts';
import { securityHeaders } from './security-headers.ts';
import { documentOf } from './problem.ts';

/** What is no HTTP at all never becomes a request; it gets a problem document too. */
export function onClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const detail =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'The headers are larger than 16 KiB.'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'The request did not arrive in time.'
        : 'This is not a well-formed HTTP/1.1 request.';
  const document = documentOf(new HoldfastError('invalid_request', detail), randomUUID());
  const body = JSON.stringify(document);
  const headers = Object.entries(securityHeaders)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  socket.end(
    `HTTP/1.1 ${document.status} ${document.title}\r\ncontent-type: application/problem+json\r\n${headers}` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
