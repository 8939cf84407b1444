/** The version that `hello` carries; a peer that speaks another is refused by name of both. */
export const PROTOCOL_VERSION = 1;
export const SPOKEN_VERSIONS: readonly number[] = [1];
/** Of this package; test/unit/protocol/version.test.ts holds it against package.json. */
export const PACKAGE_VERSION = '0.1.0';
