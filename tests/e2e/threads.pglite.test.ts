import { describeThreads } from './support/threads-suite.ts';

describeThreads('PGlite', () => Promise.resolve('pglite://memory'), 20);
