/** The version that `hello` carries; a peer that speaks another is refused by name of both. */
export const PROTOCOL_VERSION = 1;
export const SPOKEN_VERSIONS: readonly number[] = [1];
