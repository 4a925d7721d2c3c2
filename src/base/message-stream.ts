/**
 * One call seen from either end: messages come in one by one, messages go out in order. The transport
 * behind it frames them; whoever reads and writes here knows only whole messages.
 */
export interface MessageStream {
  /** What the other side sends, until it half-closes. Single use. Fails when the call breaks. */
  readonly messages: AsyncIterable<Buffer>
  /**
   * Sends one message, given whole or in parts that are joined on the wire without copying. Returns
   * nothing while there is room, else a promise to await before sending more (back-pressure).
   * Parts must not be changed afterwards.
   */
  send(...parts: Uint8Array[]): Promise<void> | undefined
  /**
   * The same for messages that already stand in frames one behind the other, see `message-frames.ts`. Where there is
   * no frame, as in memory, it is missing. `onSent` is called once their memory may be used again, which is never
   * when the call breaks before.
   */
  sendFrames?(frames: Uint8Array, onSent?: () => void): Promise<void> | undefined
  /** Aborted when the call is over for any reason: cancelled, broken, or its connection closed. */
  readonly signal: AbortSignal
}
