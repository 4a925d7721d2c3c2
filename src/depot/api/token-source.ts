/** Gives the tokens that calls are made with. */
export interface TokenSource {
  /** The token for a call, however it is found. */
  token(signal: AbortSignal): string | Promise<string>
  /**
   * Depot has not accepted this one. True where another may be had, which {@link token} gives from now on: the call
   * is made once more with it.
   */
  refused(token: string): boolean
}

/** One token, and no other. */
export function fixedToken(token: string): TokenSource {
  return { token: () => token, refused: () => false }
}
