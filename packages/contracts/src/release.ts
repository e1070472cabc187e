/** The release of this source; the same as in every package.json. */
export const RELEASE = '0.1.0';
