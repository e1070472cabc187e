import { describeAppend } from './append.suite.ts';
import { openMemory } from './open-stores.suite.ts';

describeAppend('PGlite', openMemory);
