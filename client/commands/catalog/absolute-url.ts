/** A word that says where a file is: a URL, or a path of this computer. */
import { pathToFileURL } from 'node:url';

export const isUrl = (word: string): boolean => /^[a-z][a-z0-9+.-]*:/i.test(word);

export const absoluteUrl = (word: string): string => (isUrl(word) ? word : pathToFileURL(word).href);
