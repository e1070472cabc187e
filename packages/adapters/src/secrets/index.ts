export { KeyFileInvalid } from './key-file.ts';
export { LocalCipher } from './local-cipher.ts';
