export { examineIssuer } from './examine-issuer.ts';
export { Issuer, type IssuerAddress } from './issuer.ts';
export { DeviceLogin, type DeviceLoginOptions, type DeviceQuestion, type DeviceTokens } from './device-login.ts';
export { OpenIdLogin, type OpenIdLoginOptions } from './openid-login.ts';
export { JwtVerifier, type VerifierOptions } from './jwt-verifier.ts';
