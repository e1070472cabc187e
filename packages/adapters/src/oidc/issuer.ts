import { IssuerUnavailable } from '@holdfast/core';
import { z } from 'zod';

export interface IssuerAddress {
  /** What tokens say. */
  readonly issuer: string;
  /** The same issuer as it is reached from here; null = by its own name. */
  readonly internalUrl: string | null;
  /** Otherwise only this machine may be asked over plain HTTP. */
  readonly allowHttp: boolean;
}

const metadataSchema = z.looseObject({ issuer: z.string(), jwks_uri: z.url() });
export type IssuerMetadata = z.output<typeof metadataSchema>;

const TIMEOUT_MS = 5_000;
const MOST_BYTES = 1024 * 1024;

/** What an issuer publishes about itself. */
export class Issuer {
  readonly #address: IssuerAddress;
  #metadata: IssuerMetadata | null = null;

  constructor(address: IssuerAddress) {
    this.#address = address;
  }

  /** Asked once, and again until it was answered. @throws IssuerUnavailable */
  async metadata(): Promise<IssuerMetadata> {
    if (this.#metadata !== null) return this.#metadata;
    const { issuer } = this.#address;
    const published = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const read = metadataSchema.safeParse(await this.get(published));
    if (!read.success)
      throw new IssuerUnavailable(
        `What is at ${this.inside(published).href} is no metadata of an issuer: it lacks ${read.error.issues.map(({ path }) => path.join('.')).join(' and ')}.`,
      );
    if (read.data.issuer !== issuer)
      throw new IssuerUnavailable(
        `OIDC_ISSUER is ${issuer}, but the issuer there calls itself ${read.data.issuer}. Set OIDC_ISSUER to what tokens say, and OIDC_INTERNAL_URL to where it is reached.`,
      );
    this.#metadata = read.data;
    return read.data;
  }

  /** What it publishes is asked anew when it is needed next. */
  forget(): void {
    this.#metadata = null;
  }

  /** The JSON at an address that the issuer publishes, by the way that leads there from here. @throws IssuerUnavailable */
  async get(published: string): Promise<unknown> {
    const url = this.reach(published);
    try {
      // A redirect could lead anywhere.
      const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!answer.ok) throw new Error(`it was answered ${answer.status}`);
      return JSON.parse(await boundedText(answer)) as unknown;
    } catch (error) {
      throw new IssuerUnavailable(`${url.origin}${url.pathname} cannot be read.`, { cause: error });
    }
  }

  /** Where an address that it publishes is reached from here. @throws IssuerUnavailable when that would be plain HTTP, or no web at all. */
  reach(published: string): URL {
    const url = this.inside(published);
    if (!['https:', 'http:'].includes(url.protocol))
      throw new IssuerUnavailable(`${published} is no address of the web.`);
    if (url.protocol === 'http:' && !this.#address.allowHttp && !isLoopback(url.hostname))
      throw new IssuerUnavailable(`${url.origin} is not asked over plain HTTP; OIDC_ALLOW_HTTP=true allows it.`);
    return url;
  }

  inside(published: string): URL {
    const { issuer, internalUrl } = this.#address;
    if (internalUrl === null) return new URL(published);
    const base = internalUrl.replace(/\/$/, '');
    const outside = issuer.replace(/\/$/, '');
    // An inside address without a path stands for the origin alone.
    if (new URL(internalUrl).pathname !== '/' && published.startsWith(`${outside}/`))
      return new URL(`${base}${published.slice(outside.length)}`);
    const url = new URL(published);
    return url.origin === new URL(issuer).origin
      ? new URL(`${new URL(internalUrl).origin}${url.pathname}${url.search}`)
      : url;
  }
}

async function boundedText(answer: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    bytes += piece.byteLength;
    if (bytes > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host);
