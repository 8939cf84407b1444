/**
 * What is taken from JSROOT: its reader of objects by streamer info. scripts/build.mjs bundles it into one file, so that users need no
 * jsroot package. It reads bytes that we hand it; it opens no file and prints nothing.
 */
export { addUserStreamer, createMemberStreamer, createStreamerElement, TBuffer, TFile } from 'jsroot/io';
