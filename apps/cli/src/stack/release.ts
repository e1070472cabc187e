import { envValue, setEnvValues } from './env-file.ts';

/** An image of Holdfast: `name:tag`, and what pins it (`@sha256:…`), or nothing. */
export interface Release {
  readonly image: string;
  readonly digest: string;
}

/** Of `name:tag` or `name:tag@sha256:…`. */
export function releaseOf(reference: string): Release {
  const at = reference.indexOf('@');
  return at < 0 ? { image: reference, digest: '' } : { image: reference.slice(0, at), digest: reference.slice(at) };
}

/** As `.env` says it. */
export const releaseOfStack = (folder: string): Release => ({
  image: envValue(folder, 'HOLDFAST_IMAGE') ?? '',
  digest: envValue(folder, 'HOLDFAST_DIGEST') ?? '',
});

export const referenceTo = ({ image, digest }: Release): string => `${image}${digest}`;

/** Both at once: a pin of another release would bring that one back under the name of this. */
export function setRelease(folder: string, { image, digest }: Release): void {
  setEnvValues(folder, { HOLDFAST_IMAGE: image, HOLDFAST_DIGEST: digest === '' ? null : digest });
}
