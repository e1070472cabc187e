/** Flags that run TypeScript sources of the workspace without a build. */
export const node = ['--conditions=holdfast-source', '--import', 'tsx'];
