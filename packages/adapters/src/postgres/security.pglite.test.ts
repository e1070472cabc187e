import { describeCatalog } from './catalog.suite.ts';
import { describeSecurity } from './security.suite.ts';
import { openMemory } from './open-stores.suite.ts';

describeCatalog('PGlite', openMemory);
describeSecurity('PGlite', openMemory);
