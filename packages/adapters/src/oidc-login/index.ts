export { OpenIdLogin, type OpenIdLoginOptions } from './openid-login.ts';
