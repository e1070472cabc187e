import { openMemory } from './open-stores.suite.ts';
import { describePipeline } from './pipeline.suite.ts';

describePipeline('PGlite', openMemory);
