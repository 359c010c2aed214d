/** The version of this program; scripts/build.js puts it in. */
declare const DCOS_VERSION: string | undefined;

/** As in package.json. */
export const version: string = typeof DCOS_VERSION === 'string' ? DCOS_VERSION : '0.0.0';
