import { frameHeadBytes, messagesOf, writeFrameHead } from '../../base/message-frames.ts'
import type { MessageStream } from '../../base/message-stream.ts'

/**
 * Sends packets in frames; may return a promise to be awaited before more. `onSent` is called if their memory may be used
 * again.
 */
export type SendFrames = (frames: Uint8Array, onSent?: () => void) => Promise<void> | undefined

/** Sends frames as they are where the stream has frames, else one message after the other. */
export function framesTo(stream: MessageStream, signal: AbortSignal): SendFrames {
  return (frames, onSent) => {
    signal.throwIfAborted()
    if (stream.sendFrames === undefined) return sendEach(frames, stream, signal)
    return stream.sendFrames(frames, onSent)
  }
}

/** One packet in a frame. */
export function frameOf(packet: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(frameHeadBytes + packet.length)
  writeFrameHead(frame, 0, packet.length)
  frame.set(packet, frameHeadBytes)
  return frame
}

async function sendEach(frames: Uint8Array, stream: MessageStream, signal: AbortSignal): Promise<void> {
  for (const message of messagesOf(frames)) {
    signal.throwIfAborted()
    const busy = stream.send(message)
    if (busy !== undefined) await busy
  }
}
