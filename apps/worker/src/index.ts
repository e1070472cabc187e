export { serveStatus } from './status-server.ts';
export { toolbox } from './toolbox.ts';
export { type RunningWorker, wireWorker, type WorkerOverrides } from './wiring.ts';
