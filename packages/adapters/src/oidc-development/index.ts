export { DevelopmentProvider, type DevelopmentProviderOptions } from './development-provider.ts';
export { whyNoDevelopmentLogin } from './may-start.ts';
export { NOTICE } from './pages.ts';
export { people, type Person } from './people.ts';
