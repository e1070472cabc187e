/** Of a process after it has collected its garbage, bytes. */
export interface Memory {
  /** All that it occupies of the machine's memory. */
  readonly rss: number;
  /** Living objects of JavaScript, and buffers outside its heap. */
  readonly used: number;
}

/** In the measured process: answers its parent's question, and ends with its parent. */
export function tellMemory(): void {
  process.on('message', (message) => {
    if (message !== 'memory') return;
    // Twice: what a finaliser lets go is collected by the second.
    globalThis.gc?.();
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    const memory: Memory = { rss, used: heapUsed + external };
    process.send?.(memory);
  });
  process.once('disconnect', () => process.exit(1));
}
