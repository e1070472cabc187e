import { DefaultLogger } from '@temporalio/worker';
import { workflowBundle } from './workflow-bundle.ts';

// `npm run build`: a worker that starts finds the bundle made.
await workflowBundle(new DefaultLogger('WARN'));
