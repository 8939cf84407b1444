/** A link without its socket: how session and sockets.ts know each other. */

/** The other end of a link. */
export interface Peer<Out> {
  send(message: Out): void;
  close(why: string): void;
}
/** What a link's messages and its end are given to. */
export interface Receiver<In> {
  receive(message: In): void;
  closed(why: string): void;
}
