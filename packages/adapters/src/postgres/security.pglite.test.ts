import { describeSecurity } from './security.suite.ts';
import { openMemory } from './open-stores.suite.ts';

describeSecurity('PGlite', openMemory);
