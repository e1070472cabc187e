// The first word says which program of the image this process is; the others are its arguments.
const cli = '/app/apps/cli/dist/main.js';
const programs = {
  api: ['/app/apps/api/dist/main.js'],
  worker: ['/app/apps/worker/dist/main.js'],
  standalone: ['/app/apps/standalone/dist/main.js'],
  migrate: [cli, 'migrate'],
  holdfast: [cli],
};

const [word = '', ...rest] = process.argv.slice(2);
const found = Object.hasOwn(programs, word) ? programs[word] : null;
if (found === null) {
  console.error(
    `This image has no program '${word}'. Start it with one of: ${Object.keys(programs).join(', ')} (as in: holdfast doctor).`,
  );
  process.exit(2);
}
endBeforeItCatches('SIGTERM', 143);
endBeforeItCatches('SIGINT', 130);
process.argv = [process.execPath, ...found, ...rest];
await import(found[0]);

/** The first process of a container ignores signals that it does not catch: until the program does, they end it. */
function endBeforeItCatches(signal, code) {
  const end = () => process.exit(code);
  process.on(signal, end);
  const given = (name, listener) => {
    if (name !== signal || listener === end) return;
    process.off(signal, end);
    process.off('newListener', given);
  };
  process.on('newListener', given);
}
