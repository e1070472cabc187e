import { describeBudgetWindows } from './budget-windows.suite.ts';
import { openMemory } from './open-stores.suite.ts';

describeBudgetWindows('PGlite', openMemory);
