import packageFile from '../package.json' with { type: 'json' };

/** Version of this server, as its package says. */
export const release: string = packageFile.version;
