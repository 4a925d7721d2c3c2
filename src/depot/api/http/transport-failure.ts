/**
 * How far a request has come that has got no complete response: no connection came about (`unsent`), the server has
 * surely not processed it (`refused`), or it may have (`sent`).
 */
export type FailureStage = 'unsent' | 'refused' | 'sent'

/** A request that has got no complete response. What the network or Node says is the cause. */
export class TransportFailure extends Error {
  readonly stage: FailureStage

  constructor(message: string, stage: FailureStage, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.stage = stage
  }
}

TransportFailure.prototype.name = 'TransportFailure'
