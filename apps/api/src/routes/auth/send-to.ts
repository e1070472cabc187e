import { refused } from '@holdfast/core';
import type { FastifyReply } from 'fastify';
import type { Answer } from '../../http/route.ts';
import type { BrowserLogin, Sent } from '../../login/browser-login.ts';
import type { ApiPorts } from '../../ports.ts';

export function sendTo(reply: FastifyReply, status: 302 | 303, { location, cookies }: Sent): Answer {
  reply.header('set-cookie', [...cookies]);
  return { status, text: '', headers: { location, 'cache-control': 'no-store' } };
}

export function theLogin({ login }: ApiPorts): BrowserLogin {
  if (login === null) throw refused('login_not_configured', 'There is no login here: the server knows no OIDC issuer.');
  return login;
}
