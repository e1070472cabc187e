export { serveStatus } from './status-server.ts';
export { toolbox } from './toolbox.ts';
export { type RunningWorker, type WiredPorts, wireWorker, type WorkerOverrides } from './wiring.ts';
