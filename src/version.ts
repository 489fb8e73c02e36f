import packageFile from '../package.json' with { type: 'json' };

/** Latchkey's own. */
export const { version } = packageFile;
