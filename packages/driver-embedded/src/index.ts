export { startWorker, type Worker, type WorkerOptions, type WorkerPorts } from './start-worker.ts';
